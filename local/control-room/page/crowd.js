/** A crowd on demand, to see lanes move: how much it says, and how soon it is answered. */
import { h, setAttr, setText } from './dom.js';
import { count, millis } from './format.js';
import { post } from './live.js';
import { meter } from './meter.js';
import { attempt } from './toast.js';

function field(label, values, chosen) {
  const options = values.map((value) => h('option', { value, selected: value === chosen }, String(value)));
  const select = h('select', { class: 'select' }, ...options);
  return { node: h('label', { class: 'field' }, label, select), value: () => Number(select.value) };
}

export function crowdCard() {
  const messages = field('Messages', [20, 100, 300, 500], 100);
  const chats = field('Chats', [1, 10, 50, 200, 500], 50);
  const send = h('button', { type: 'submit', class: 'button button-main' }, 'Flood');
  const form = h('form', { class: 'crowd-form' }, messages.node, chats.node, send);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void attempt(() => post('/api/flood', { messages: messages.value(), chats: chats.value() }));
  });
  const stored = meter('Stored');
  const answered = meter('Answered');
  const note = h('p', { class: 'task-note' });
  const node = h(
    'div',
    { class: 'fault-group', role: 'group', 'aria-label': 'Crowd' },
    h('h3', {}, 'Crowd'),
    form,
    h('div', { class: 'meters' }, stored.node, answered.node),
    note,
  );
  const progress = (done, said) => ({
    used: done,
    max: said,
    text: `${count(done)} / ${count(said)}`,
    level: done === said ? 'done' : 'going',
  });
  return {
    node,
    update(crowd) {
      node.hidden = !crowd;
      if (!crowd) return;
      const idle = crowd.said === 0;
      stored.update(idle ? undefined : progress(crowd.acknowledged, crowd.said));
      answered.update(idle ? undefined : progress(crowd.answered, crowd.said));
      const order = crowd.outOfOrder === 0 ? 'order kept' : `${count(crowd.outOfOrder)} out of order`;
      setText(
        note,
        idle
          ? 'Watch lanes fill and drain.'
          : crowd.answered === 0
            ? 'Waiting for the first answer'
            : `p50 ${millis(crowd.p50)} · p99 ${millis(crowd.p99)} · ${order}`,
      );
      setAttr(note, 'data-tone', crowd.outOfOrder > 0 ? 'bad' : '');
    },
  };
}
