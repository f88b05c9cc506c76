/** What happened, newest first. */
import { h } from './dom.js';
import { timeOfDay } from './format.js';

const KEPT = 200;

export function logPanel() {
  const list = h('ol', { class: 'log', tabindex: '0', 'aria-label': 'Events, newest first' });
  const empty = h('p', { class: 'muted' }, 'Nothing has happened yet. Kill a task and see it replaced.');
  const node = h('div', { class: 'card log-card' }, h('header', {}, h('h2', {}, 'Events')), empty, list);

  function add({ at, level, text }) {
    empty.hidden = true;
    list.prepend(
      h(
        'li',
        { data: { tone: level } },
        h('time', { datetime: new Date(at).toISOString() }, timeOfDay(at)),
        h('span', { class: 'dot', 'aria-hidden': 'true' }),
        h('span', {}, text),
      ),
    );
    if (list.childElementCount > KEPT) list.lastElementChild.remove();
  }

  return {
    node,
    add,
    reset(entries) {
      list.replaceChildren();
      empty.hidden = entries.length > 0;
      entries.forEach(add);
    },
  };
}
