/** The chats as tabs: arrow keys move between them, a badge counts what came in elsewhere. */
import { h, setAttr } from './dom.js';

/** Hues of the avatars. */
const HUES = [200, 18, 150, 265, 330, 45, 100, 230];

export function chatTabs({ choose, add }) {
  const list = h('div', { class: 'chat-tabs', role: 'tablist', 'aria-label': 'Chats' });
  const plus = h(
    'button',
    { type: 'button', class: 'add-chat', title: 'Open another chat', on: { click: () => void add() } },
    '+',
  );
  plus.append(h('span', { class: 'hidden-text' }, 'Add chat'));
  const node = h('div', { class: 'chat-bar' }, list, plus);
  const tabs = new Map();

  list.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const ids = [...tabs.keys()];
    const at = ids.findIndex((id) => tabs.get(id).node === document.activeElement);
    const next = ids[(at + step + ids.length) % ids.length];
    choose(next);
    tabs.get(next).node.focus();
  });

  return {
    node,
    add({ id, name }) {
      const badge = h('span', { class: 'badge', hidden: true });
      const avatar = h('span', { class: 'avatar', 'aria-hidden': 'true' }, name.slice(0, 1));
      avatar.style.setProperty('--hue', String(HUES[tabs.size % HUES.length]));
      const tab = h(
        'button',
        {
          type: 'button',
          role: 'tab',
          'aria-controls': 'conversation',
          class: 'chat-tab',
          on: { click: () => choose(id) },
        },
        avatar,
        h('span', {}, name),
        badge,
      );
      tabs.set(id, { node: tab, badge });
      list.append(tab);
    },
    choose(id) {
      for (const [other, { node: tab, badge }] of tabs) {
        setAttr(tab, 'aria-selected', other === id);
        setAttr(tab, 'tabindex', other === id ? 0 : -1);
        if (other === id) badge.hidden = true;
      }
      tabs.get(id).node.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    },
    unread(id, number) {
      const { badge } = tabs.get(id);
      badge.textContent = String(number);
      badge.hidden = number === 0;
    },
    clear() {
      tabs.clear();
      list.replaceChildren();
    },
  };
}
