/** What belongs to the chosen chat and is asked for anew every second, while somebody looks. */
import { h, setText } from './dom.js';

const EVERY_MS = 1_000;

/** `url` of a chat's id; `answered` is given what it answers. */
export function following({ node, url, answered }) {
  const whose = h('span', { class: 'muted' });
  node.querySelector('header').append(whose);
  let chat;
  let asking = false;

  async function look() {
    if (asking || chat === undefined || document.hidden || node.hidden) return;
    asking = true;
    const { id } = chat;
    try {
      const response = await fetch(url(id));
      if (response.status !== 200 || chat.id !== id) return;
      answered(await response.json());
    } catch {
      // The banner says that the control room is away.
    } finally {
      asking = false;
    }
  }
  setInterval(look, EVERY_MS);

  return {
    chat: () => chat,
    /** Of this chat from now on. */
    follow(next) {
      chat = next;
      setText(whose, `of ${next.name}`);
      void look();
    },
    look,
  };
}
