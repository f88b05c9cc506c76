/** The chat pane: tabs of chats, the chosen conversation, what the bot is doing, the box to write in. */
import { chatTabs } from './chat-tabs.js';
import { composer } from './composer.js';
import { conversation } from './conversation.js';
import { h } from './dom.js';
import { post } from './live.js';
import { openStory } from './story.js';
import { alertBox, attempt, toast } from './toast.js';

/** Telegram shows a typing action for 5 s; a tap waits for its answer no longer than this. */
const TYPING_MS = 5_000;
const TAP_MS = 10_000;

/** What stands in the pane when the bot speaks to the real Telegram. */
function elsewhere(bot) {
  const url = bot && `https://t.me/${encodeURIComponent(bot.username)}`;
  return h(
    'div',
    { class: 'elsewhere' },
    h('p', { class: 'hello-title' }, 'This run talks to the real Telegram'),
    bot
      ? h(
          'p',
          {},
          'Write to ',
          h('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, `@${bot.username}`),
          ' there, and watch the posture at work here.',
        )
      : h('p', {}, 'Open your bot in Telegram and write to it there, and watch the posture at work here.'),
  );
}

export function chatPane(pane, { onUnread, onChoose, onBills }) {
  const chats = new Map();
  const state = { current: undefined, typing: undefined, taps: [] };
  const holder = h('div', { class: 'holder', role: 'tabpanel', id: 'conversation' });
  const doing = h('p', { class: 'doing', 'aria-live': 'polite' });

  const actions = {
    say: async (text) => {
      const chatId = state.current;
      return (await attempt(() => post('/api/say', { chatId, text }))) !== undefined;
    },
    saveEdit: async (message, text) =>
      (await attempt(() => post('/api/edit', { chatId: state.current, messageId: message.messageId, text }))) !==
      undefined,
    /** A menu that cannot be had is none: what is typed is sent all the same. */
    commands: () =>
      fetch(`/api/menu/${state.current}`)
        .then((response) => (response.ok ? response.json() : []))
        .catch(() => []),
    edit: (message) => box.edit(message),
    story: ({ messageId }) => openStory({ chatId: state.current, messageId }),
    lastOwn: () => chats.get(state.current)?.view.lastOwn(),
    async tap(message, data, done) {
      chats.get(state.current).view.awaitAnswer();
      const tap = { chatId: state.current, done };
      state.taps.push(tap);
      setTimeout(() => settle(tap), TAP_MS);
      const sent = await attempt(() => post('/api/tap', { chatId: tap.chatId, messageId: message.messageId, data }));
      if (!sent) settle(tap);
    },
    async chargeBack(message, done) {
      await attempt(() => post('/api/charge-back', { chatId: state.current, messageId: message.messageId }));
      done();
    },
    async month(fails, done) {
      await attempt(() => post('/api/month', { chatId: state.current, ...(fails && { fails }) }));
      done();
    },
    async mandate(message, wanted, done) {
      const change = { chatId: state.current, messageId: message.messageId, state: wanted };
      await attempt(() => post('/api/mandate', change));
      done();
    },
    async payLink(message, url, done) {
      chats.get(state.current).view.awaitAnswer();
      const tap = { chatId: state.current, done };
      state.taps.push(tap);
      setTimeout(() => settle(tap), TAP_MS);
      const sent = await attempt(() =>
        post('/api/pay-link', { chatId: tap.chatId, messageId: message.messageId, url }),
      );
      // Paid elsewhere, no word of it stands in the chat before the bot's.
      if (!sent || sent.paid) settle(tap);
    },
    async payAddress(message, done) {
      chats.get(state.current).view.awaitAnswer();
      await attempt(() => post('/api/pay-address', { chatId: state.current, messageId: message.messageId }));
      done();
    },
    /** What else can become of a bill stands in a card beside the chat. */
    otherBills(done) {
      onBills();
      done();
    },
    async pay(message, done) {
      chats.get(state.current).view.awaitAnswer();
      // The bot's no is told like an answer to a tap; its yes is the message about the payment.
      const tap = { chatId: state.current, done };
      state.taps.push(tap);
      setTimeout(() => settle(tap), TAP_MS);
      const sent = await attempt(() => post('/api/pay', { chatId: tap.chatId, messageId: message.messageId }));
      if (!sent) settle(tap);
    },
  };
  const box = composer(actions);
  const tabs = chatTabs({
    choose,
    add: async () => {
      const room = await attempt(() => post('/api/new-chat'));
      if (!room) return;
      open(room);
      choose(room.id);
      box.focus();
    },
  });

  function settle(tap) {
    tap.done();
    state.taps = state.taps.filter((other) => other !== tap);
  }

  function open({ id, name }) {
    if (chats.has(id)) return;
    chats.set(id, { name, view: conversation(name, actions), unread: 0 });
    tabs.add({ id, name });
  }

  function choose(id) {
    state.current = id;
    const chat = chats.get(id);
    chat.unread = 0;
    holder.replaceChildren(chat.view.node);
    chat.view.scrollDown();
    tabs.choose(id);
    onChoose({ id, name: chat.name });
    quiet();
  }

  function quiet() {
    clearTimeout(state.typing);
    doing.replaceChildren();
  }

  function reset({ rooms, bot }) {
    if (!rooms) return pane.replaceChildren(elsewhere(bot));
    const before = state.current;
    chats.clear();
    tabs.clear();
    for (const room of rooms) {
      open(room);
      for (const message of room.messages) chats.get(room.id).view.put(message);
    }
    if (!pane.contains(box.node)) pane.replaceChildren(tabs.node, holder, doing, box.node);
    choose(chats.has(before) ? before : rooms[0].id);
    // On a phone the keyboard would cover half of the page.
    if (before === undefined && matchMedia('(pointer: fine)').matches) box.focus();
  }

  return {
    reset,
    open,
    message({ chatId, message }) {
      const chat = chats.get(chatId);
      if (!chat) return;
      chat.view.put(message);
      // What was paid stands there as a message of the person's.
      for (const tap of message.from === 'user' ? state.taps : []) if (tap.chatId === chatId) settle(tap);
      if (message.from !== 'bot') return;
      if (chatId === state.current) quiet();
      else tabs.unread(chatId, ++chat.unread);
      onUnread();
    },
    deleted: ({ chatId, messageId }) => chats.get(chatId)?.view.remove(messageId),
    typing({ chatId }) {
      if (chatId !== state.current) return;
      quiet();
      doing.append('Bot is typing', h('span', { class: 'dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i')));
      state.typing = setTimeout(quiet, TYPING_MS);
    },
    draft({ chatId, text }) {
      chats.get(chatId)?.view.draft(text);
      if (chatId === state.current && text) quiet();
    },
    answerTap({ chatId, text, alert }) {
      const tap = state.taps.find((waiting) => waiting.chatId === chatId);
      if (tap) settle(tap);
      if (!text) return;
      if (alert) alertBox(text);
      else toast(text, 'info', pane);
    },
    /** Telegram's queue is empty. */
    stored: () => chats.forEach(({ view }) => view.stored()),
  };
}
