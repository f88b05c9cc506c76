/** The queues: what waits, how long, what is being worked on, what was parked. */
import { h, keyed, setAttr, setText } from './dom.js';
import { count, seconds } from './format.js';

/** The app counts no further (contract/health.ts). */
const COUNTED_TO = 100_000;
const counted = (number) => (number > COUNTED_TO ? `> ${count(COUNTED_TO)}` : count(number));

const NAMES = { preCheckout: 'Pre-checkout', payment: 'Payments', chat: 'Chat' };
const COLUMNS = ['Queue', 'Waiting', 'Chats', 'Oldest', 'Active lanes', 'Handled', 'Parked'];

function row({ name }) {
  const cells = Object.fromEntries(
    COLUMNS.slice(1).map((column) => [column, h('td', { data: { label: column } }, '–')]),
  );
  const node = h('tr', {}, h('th', { scope: 'row' }, NAMES[name] ?? name), ...Object.values(cells));
  return {
    node,
    update({ queue, lanes }) {
      setText(cells.Waiting, queue ? counted(queue.pending) : '–');
      setText(cells.Chats, queue ? count(queue.lanes) : '–');
      setText(cells.Oldest, queue ? seconds(queue.oldestSeconds) : '–');
      setText(cells['Active lanes'], lanes ? `${count(lanes.active)} / ${count(lanes.capacity)}` : '–');
      setText(cells.Handled, lanes ? count(lanes.handled) : '–');
      setText(cells.Parked, queue ? counted(queue.parked) : '–');
      setAttr(cells.Parked, 'data-tone', queue?.parked > 0 ? 'bad' : '');
    },
  };
}

/** Lanes of all workers together. */
function lanesOf(tasks) {
  const sums = {};
  for (const task of tasks) {
    for (const [name, lane] of Object.entries(task.health?.lanes ?? {})) {
      sums[name] ??= { active: 0, capacity: 0, handled: 0 };
      sums[name].active += lane.active;
      sums[name].capacity += lane.capacity;
      sums[name].handled += lane.handled;
    }
  }
  return sums;
}

export function queueTable() {
  const body = h('tbody');
  const head = h('tr', {}, ...COLUMNS.map((column) => h('th', { scope: 'col' }, column)));
  const node = h(
    'div',
    { class: 'card queues' },
    h('h2', { id: 'queues-title' }, 'Queues and lanes'),
    h('table', { 'aria-labelledby': 'queues-title' }, h('thead', {}, head), body),
  );
  const show = keyed(body, row);
  const known = new Set(['preCheckout', 'payment', 'chat']);
  return {
    node,
    update({ queues, tasks }) {
      const lanes = lanesOf(tasks ?? []);
      for (const name of [...Object.keys(queues ?? {}), ...Object.keys(lanes)]) known.add(name);
      show(
        [...known].map((name) => ({ name, queue: queues?.[name], lanes: lanes[name] })),
        ({ name }) => name,
      );
    },
  };
}
