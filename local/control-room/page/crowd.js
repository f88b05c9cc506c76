/** A crowd on demand, to see lanes move: how much it says, and how soon it is answered. */
import { h, setAttr, setText } from './dom.js';
import { count, millis } from './format.js';
import { post } from './live.js';
import { meter } from './meter.js';
import { attempt } from './toast.js';

const select = (label, values, chosen) =>
  h(
    'select',
    { class: 'select', 'aria-label': label },
    ...values.map((value) => h('option', { value, selected: value === chosen }, String(value))),
  );

export function crowdCard() {
  const messages = select('Messages', [20, 100, 300, 500], 100);
  const chats = select('Chats', [1, 10, 50, 200, 500], 50);
  const send = h('button', { type: 'submit', class: 'button button-main' }, 'Flood');
  const form = h(
    'form',
    { class: 'crowd-form' },
    messages,
    h('span', {}, 'messages from'),
    chats,
    h('span', {}, 'chats'),
    send,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void attempt(() => post('/api/flood', { messages: Number(messages.value), chats: Number(chats.value) }));
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
          ? 'Many chats write at once: watch lanes fill and drain.'
          : crowd.answered === 0
            ? 'Waiting for the first answer'
            : `p50 ${millis(crowd.p50)} · p99 ${millis(crowd.p99)} · ${order}`,
      );
      setAttr(note, 'data-tone', crowd.outOfOrder > 0 ? 'bad' : '');
    },
  };
}
