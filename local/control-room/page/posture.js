/** The posture at work: flow, tasks, queues, what they lean on, what is switched. */
import { h, keyed, setText } from './dom.js';
import { gaugeStrip } from './gauges.js';
import { databaseCard, doorCard, providersCard } from './platform-cards.js';
import { promisesCard } from './promises.js';
import { queueTable } from './queues.js';
import { switchesCard } from './switches.js';
import { taskCard } from './task-card.js';

/** A card a place, which stays where it is: with the task that serves there, and those that leave it or will take it. */
function placesOf(tasks) {
  const places = new Map();
  for (const task of tasks) {
    const place = places.get(task.slot);
    if (place) place.others.push(task);
    else places.set(task.slot, { slot: task.slot, task, others: [] });
  }
  return [...places.values()];
}

export function posturePane(pane) {
  const gauges = gaugeStrip();
  const cards = h('div', { class: 'tasks' });
  const empty = h('p', { class: 'muted' }, 'No task runs yet. The supervisor starts them once the database is up.');
  const summary = h('span', { class: 'muted' });
  // What was refused and what is left alone stands first: nobody has to look for what a fault has done.
  const parts = [providersCard(), doorCard(), promisesCard(), queueTable(), databaseCard()];
  const switches = switchesCard();
  let posture;
  const showTasks = keyed(cards, ({ slot }) => {
    const card = taskCard(slot);
    return { node: card.node, update: ({ task, others }) => card.update(task, posture, others) };
  });
  pane.replaceChildren(
    gauges.node,
    h('div', { class: 'foremost' }, ...parts.slice(0, 2).map(({ node }) => node)),
    h('div', { class: 'section' }, h('h2', {}, 'Tasks'), summary),
    empty,
    cards,
    h('div', { class: 'around' }, ...parts.slice(2).map(({ node }) => node)),
    switches.node,
  );

  return {
    update(state) {
      posture = state.posture;
      gauges.update(state);
      const tasks = state.tasks ?? [];
      empty.hidden = tasks.length > 0;
      const places = placesOf(tasks);
      const healthy = places.filter(({ task }) => task.state === 'healthy' && !task.frozen).length;
      setText(summary, places.length > 0 ? `${healthy} of ${places.length} healthy` : '');
      showTasks(places, ({ slot }) => slot);
      for (const part of parts) part.update(state);
      switches.update(state);
    },
    switches,
    /** Only the sparklines move. */
    sample: (state) => gauges.update(state),
  };
}
