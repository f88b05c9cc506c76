/** The way to the desk, and how much lies on it: looked at while somebody looks. */
import { h, setText } from './dom.js';

const EVERY_MS = 3_000;

export function deskLinks(links) {
  const badges = links.map((link) => {
    const badge = h('span', { class: 'badge', hidden: true });
    link.append(badge);
    return badge;
  });
  let isThere = false;
  let asking = false;

  async function look() {
    if (!isThere || asking || document.hidden) return;
    asking = true;
    try {
      const response = await fetch('/api/desk');
      if (!response.ok) return;
      const { items, held, away } = await response.json();
      if (away !== null) return;
      const count = items.length + (held.isHeld ? 1 : 0);
      for (const badge of badges) {
        setText(badge, String(count));
        badge.hidden = count === 0;
      }
      for (const link of links) link.title = count === 0 ? 'Nothing waits for a person' : `${count} wait for a person`;
    } catch {
      // The banner says that the control room is away.
    } finally {
      asking = false;
    }
  }
  setInterval(look, EVERY_MS);

  return {
    /** Whether this control room has a desk. */
    show(has) {
      isThere = has;
      for (const link of links) link.hidden = !has;
      void look();
    },
  };
}
