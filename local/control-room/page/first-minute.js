/** What to do first, for who has never been here; gone for good once it is dismissed. */
import { h, setAttr } from './dom.js';

const KEY = 'evenkeel.first-minute';

/** A browser that keeps nothing, as in a private window, is guided again. */
function remembered() {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

function remember() {
  try {
    localStorage.setItem(KEY, 'dismissed');
  } catch {
    // Shown again next time.
  }
}

const STEPS = [
  { name: 'write', text: 'Write to the bot.' },
  { name: 'kill', text: 'Kill the worker that has it in hand, or both.' },
  { name: 'answer', text: 'See it answered all the same, and press Story beside your message.' },
  { name: 'promise', text: 'Read under Promises which one that tested, and how close it was.' },
];

export function firstMinute() {
  const items = Object.fromEntries(STEPS.map(({ name, text }) => [name, h('li', {}, text)]));
  const close = h('button', { type: 'button', class: 'button' }, 'Dismiss');
  const node = h(
    'section',
    { class: 'first-minute', 'aria-label': 'Your first minute', hidden: remembered() },
    h('h2', {}, 'Your first minute'),
    h('ol', {}, ...Object.values(items)),
    close,
  );
  close.addEventListener('click', () => {
    remember();
    node.hidden = true;
  });
  const tick = (name) => setAttr(items[name], 'data-done', '');
  let killed = false;
  return {
    node,
    message({ from }) {
      if (from === 'user') tick('write');
      else if (killed) tick('answer');
    },
    log({ text }) {
      if (!/^worker\S* was sent SIG(KILL|STOP)/.test(text)) return;
      killed = true;
      tick('kill');
    },
    update({ promises }) {
      if (promises?.some(({ name, last }) => name === 'takeover' && last)) tick('promise');
    },
  };
}
