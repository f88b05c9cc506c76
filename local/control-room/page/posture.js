/** The posture at work: flow, tasks, queues, what they lean on, what is switched. */
import { h, keyed, setText } from './dom.js';
import { gaugeStrip } from './gauges.js';
import { databaseCard, doorCard, providersCard } from './platform-cards.js';
import { queueTable } from './queues.js';
import { switchesCard } from './switches.js';
import { taskCard } from './task-card.js';

export function posturePane(pane) {
  const gauges = gaugeStrip();
  const cards = h('div', { class: 'tasks' });
  const empty = h('p', { class: 'muted' }, 'No task runs yet. The supervisor starts them once the database is up.');
  const summary = h('span', { class: 'muted' });
  const parts = [queueTable(), databaseCard(), doorCard(), providersCard()];
  const switches = switchesCard();
  let posture;
  const showTasks = keyed(cards, (task) => {
    const card = taskCard(task);
    return { node: card.node, update: (now) => card.update(now, posture) };
  });
  pane.replaceChildren(
    gauges.node,
    h('div', { class: 'section' }, h('h2', {}, 'Tasks'), summary),
    empty,
    cards,
    h('div', { class: 'around' }, ...parts.map(({ node }) => node)),
    switches.node,
  );

  return {
    update(state) {
      posture = state.posture;
      gauges.update(state);
      const tasks = state.tasks ?? [];
      empty.hidden = tasks.length > 0;
      const healthy = tasks.filter((task) => task.state === 'healthy' && !task.frozen).length;
      setText(summary, tasks.length > 0 ? `${healthy} of ${tasks.length} healthy` : '');
      showTasks(tasks, ({ id }) => id);
      for (const part of parts) part.update(state);
      switches.update(state);
    },
    switches,
    /** Only the sparklines move. */
    sample: (state) => gauges.update(state),
  };
}
