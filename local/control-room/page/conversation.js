/** The messages of one chat: in order, days between them, ticks, and the scroll position kept where a person left it. */
import { bubble } from './bubble.js';
import { h } from './dom.js';
import { day } from './format.js';

/** Messages that stay on the page. */
const KEPT = 300;
/** A draft is shown for so long without another one, ms. */
const DRAFT_MS = 30_000;
/** From the bottom, px, within which a new message scrolls into view. */
const NEAR = 80;

export function conversation(name, actions) {
  const list = h('ol', { class: 'messages' });
  const empty = h(
    'div',
    { class: 'hello' },
    h('p', { class: 'hello-title' }, 'What can this bot do?'),
    h(
      'p',
      {},
      'Each message goes the whole durable way: webhook, intake, lane, worker, AI, and back. Break anything while it runs; nothing you said is lost.',
    ),
    h('button', { type: 'button', class: 'button button-main', on: { click: () => actions.say('/start') } }, 'Start'),
  );
  const node = h(
    'div',
    { class: 'conversation', role: 'log', tabindex: '0', 'aria-live': 'polite', 'aria-label': `Messages of ${name}` },
    empty,
    list,
  );
  const shown = new Map();
  let lastDay;
  /** What the bot is about to say; always the last thing in the list. */
  let preview;
  let vanishing;
  /** Somebody has just pressed a button: what comes of it is what they want to see. */
  let awaited = false;

  /** Whether the bottom is in sight; measured where somebody scrolls, as measuring at each message lays the page out anew. */
  let near = true;
  node.addEventListener('scroll', () => {
    near = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR;
  });

  /** At once, and of many messages in one frame once more at its end. */
  let frame;
  let again = false;
  function scrollDown() {
    near = true;
    if (frame !== undefined) {
      again = true;
      return;
    }
    node.scrollTop = node.scrollHeight;
    frame = requestAnimationFrame(() => {
      frame = undefined;
      if (!again) return;
      again = false;
      scrollDown();
    });
  }

  function append(message) {
    const label = day(message.date);
    if (label !== lastDay) {
      lastDay = label;
      list.append(h('li', { class: 'day' }, h('span', {}, label)));
    }
    const part = bubble(message, actions);
    shown.set(message.messageId, { part, message });
    list.append(part.node, ...(preview ? [preview] : []));
    if (shown.size > KEPT) remove(shown.keys().next().value);
  }

  function remove(messageId) {
    shown.get(messageId)?.part.node.remove();
    shown.delete(messageId);
  }

  function dropDraft() {
    clearTimeout(vanishing);
    preview?.remove();
    preview = undefined;
  }

  /** A user's message is answered once the bot has written after it. */
  function answered() {
    let botSpoke = false;
    for (const { part, message } of [...shown.values()].reverse()) {
      if (message.from === 'bot') botSpoke = true;
      else if (botSpoke) part.tick('answered');
    }
  }

  return {
    node,
    scrollDown,
    draft(text) {
      dropDraft();
      vanishing = setTimeout(dropDraft, DRAFT_MS);
      // Not announced: who listens is told the answer once, when it is whole.
      const words = h('div', { class: 'text' }, h('span', { class: 'hidden-text' }, 'Bot is writing: '), text || '…');
      preview = h(
        'li',
        { class: 'message', 'aria-hidden': 'true', data: { from: 'bot', draft: '' } },
        h('div', { class: 'line' }, h('div', { class: 'bubble' }, words)),
      );
      list.append(preview);
      if (near || awaited) scrollDown();
    },
    put(message) {
      if (message.from === 'bot' && !shown.has(message.messageId)) dropDraft();
      empty.hidden = true;
      const known = shown.get(message.messageId);
      if (known) {
        known.message = message;
        known.part.update(message);
      } else append(message);
      answered();
      if (near || awaited || message.from === 'user') scrollDown();
      if (message.from === 'bot') awaited = false;
    },
    remove,
    /** The next thing that the bot says is scrolled to. */
    awaitAnswer: () => void (awaited = true),
    /** Telegram has nothing left to deliver: all that was said is stored. */
    stored() {
      for (const { part } of shown.values()) if (part.state() === 'sent') part.tick('stored');
    },
    /** The user's last message, for editing. */
    lastOwn: () => [...shown.values()].map(({ message }) => message).findLast(({ from }) => from === 'user'),
  };
}
