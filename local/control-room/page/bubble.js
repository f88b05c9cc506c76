/** One message as Telegram shows it: text, buttons, time, ticks. */
import { h, s, setAttr } from './dom.js';
import { clock } from './format.js';
import { markup } from './markup.js';

const TICKS = {
  sent: { label: 'Sent', path: 'M3 9l4 4 8-9' },
  stored: { label: 'Stored by the bot', path: 'M1 9l4 4 8-9M9 12l1 1 8-9' },
  answered: { label: 'Answered', path: 'M1 9l4 4 8-9M9 12l1 1 8-9' },
};

function ticks(state) {
  const { label, path } = TICKS[state];
  return h(
    'span',
    { class: 'ticks', title: label, data: { state } },
    s('svg', { viewBox: '0 0 19 16', 'aria-hidden': 'true' }, s('path', { d: path })),
    h('span', { class: 'hidden-text' }, label),
  );
}

/** Buttons of the page's own: what Telegram's client, or a bank, offers. Each a label, and what it does. */
function keyRow(...keys) {
  const nodes = keys.map(([label, press]) => {
    const node = h('button', { type: 'button', class: 'key' }, label);
    node.addEventListener('click', () => {
      setAttr(node, 'aria-busy', 'true');
      press(() => node.removeAttribute('aria-busy'));
    });
    return node;
  });
  return h('div', { class: 'keys' }, ...nodes);
}

/** A link that leads to a payment: in Telegram it opens the form, or the bot of Crypto Pay. */
const isInvoice = (url) => /^https:\/\/t\.me\/(\$|CryptoBot\?start=IV)/.test(url);

/** As the simulated NOWPayments makes one for each bill. */
const ADDRESS = /^T[0-9a-f]{32}$/m;

function keyboard(message, actions) {
  const rows = message.buttons.map((row) =>
    h(
      'div',
      { class: 'keys' },
      ...row.map((button) => {
        if (button.url && isInvoice(button.url)) {
          const node = h('button', { type: 'button', class: 'key' }, button.text);
          node.addEventListener('click', () => {
            setAttr(node, 'aria-busy', 'true');
            actions.payLink(message, button.url, () => node.removeAttribute('aria-busy'));
          });
          return node;
        }
        if (button.url) {
          const safe = /^(https?|tg):/i.test(button.url);
          const props = safe ? { href: button.url, target: '_blank', rel: 'noopener noreferrer' } : {};
          return h('a', { class: 'key key-link', ...props }, button.text);
        }
        const node = h('button', { type: 'button', class: 'key' }, button.text);
        node.addEventListener('click', () => {
          setAttr(node, 'aria-busy', 'true');
          actions.tap(message, button.callback_data ?? '', () => node.removeAttribute('aria-busy'));
        });
        return node;
      }),
    ),
  );
  if (message.from === 'bot' && ADDRESS.test(message.text))
    rows.push(
      keyRow(
        ['Send it all', (done) => actions.payAddress(message, done)],
        ['Something else', (done) => actions.otherBills(done)],
      ),
    );
  if (message.invoice) rows.push(keyRow([`Pay ⭐️ ${message.invoice.amount}`, (done) => actions.pay(message, done)]));
  if (message.subscription) {
    rows.push(
      keyRow(
        ['A month passes', (done) => actions.month(false, done)],
        ['… with too few Stars', (done) => actions.month(true, done)],
      ),
      keyRow(
        ['Cancel in Telegram', (done) => actions.mandate(message, 'canceled', done)],
        ['Have it again', (done) => actions.mandate(message, 'active', done)],
      ),
    );
  }
  if (message.charge) rows.push(keyRow(['Charge back', (done) => actions.chargeBack(message, done)]));
  return rows.length > 0 ? h('div', { class: 'keyboard' }, ...rows) : undefined;
}

const kilobytes = (bytes) => `${Math.max(1, Math.round(bytes / 1024))} kB`;

/** A file: a small picture as it is, anything else by its name and size. */
function shown({ kind, name, size, preview }) {
  const what = `${kind === 'photo' ? 'Picture' : kind === 'video' ? 'Video' : kind === 'audio' ? 'Sound' : 'File'} ${name}, ${kilobytes(size)}`;
  return preview
    ? h('img', { class: 'media', src: preview, alt: what })
    : h(
        'div',
        { class: 'media media-file' },
        h('span', { 'aria-hidden': 'true' }, kind === 'video' ? '▶ ' : '📄 '),
        what,
      );
}

/**
 * A message's list item. `update` draws it anew when the message changed; `tick(state)` moves the ticks of a user's
 * message through sent, stored, answered.
 */
export function bubble(message, actions) {
  const node = h('li', { class: 'message', data: { from: message.from, id: message.messageId } });
  let state = 'sent';

  function update(next) {
    const own = next.from === 'user';
    const meta = h(
      'span',
      { class: 'meta' },
      next.edited ? h('span', {}, 'edited') : undefined,
      h('time', { datetime: new Date(next.date * 1000).toISOString() }, clock(next.date)),
      own ? ticks(state) : undefined,
    );
    const body = h(
      'div',
      { class: 'bubble' },
      h('span', { class: 'hidden-text' }, own ? 'You: ' : 'Bot: '),
      next.media ? shown(next.media) : undefined,
      h('div', { class: 'text' }, ...markup(next.text, next.entities, actions.say), meta),
    );
    // Of what the bot was told by an update of its own.
    const story = own
      ? h(
          'button',
          {
            type: 'button',
            class: 'edit',
            title: 'What became of this message',
            on: { click: () => actions.story(next) },
          },
          'Story',
        )
      : undefined;
    const edit =
      own && !next.charge
        ? h(
            'button',
            { type: 'button', class: 'edit', title: 'Edit this message', on: { click: () => actions.edit(next) } },
            'Edit',
          )
        : undefined;
    node.replaceChildren(
      ...[h('div', { class: 'line' }, ...[story, edit, body].filter(Boolean)), keyboard(next, actions)].filter(Boolean),
    );
  }

  update(message);
  return {
    node,
    update,
    tick(next) {
      if (next === state) return;
      state = next;
      node.querySelector('.ticks')?.replaceWith(ticks(state));
    },
    state: () => state,
  };
}
