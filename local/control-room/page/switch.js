/** On a narrow screen one pane is shown at a time: this bar chooses which. */
import { h, icon, setAttr } from './dom.js';

const VIEWS = [
  { pane: 'chat', label: 'Chat', path: 'M4 5h16v11H9l-5 4z' },
  { pane: 'posture', label: 'Posture', path: 'M4 18a9 9 0 1 1 16 0M12 14l4-5' },
  { pane: 'faults', label: 'Faults', path: 'M13 3L5 14h6l-1 7 8-11h-6z' },
];

const DESK = 'M3 10h18M5 10v9M19 10v9M8 10V5h8v5';

export function viewSwitch(nav) {
  const badge = h('span', { class: 'badge', hidden: true });
  let unread = 0;
  const buttons = VIEWS.map(({ pane, label, path }) => {
    const node = h('button', { type: 'button', on: { click: () => choose(pane) } }, icon(path), label);
    if (pane === 'chat') node.append(badge);
    return { pane, node };
  });

  function choose(pane) {
    document.body.dataset.pane = pane;
    for (const button of buttons) setAttr(button.node, 'aria-current', button.pane === pane);
    if (pane === 'chat') {
      unread = 0;
      badge.hidden = true;
    }
  }

  const desk = h('a', { href: '/desk', hidden: true }, icon(DESK), 'Desk');
  nav.replaceChildren(...buttons.map(({ node }) => node), desk);
  choose('chat');
  return {
    /** A page of its own. */
    desk,
    choose,
    /** A message came in; counted while the chat is out of sight. */
    unread() {
      if (document.body.dataset.pane === 'chat') return;
      badge.textContent = String(++unread);
      badge.hidden = false;
    },
  };
}
