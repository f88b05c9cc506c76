/** What Telegram shows beside the chat when a tap is answered, and what went wrong with a command. */
import { h } from './dom.js';

const SHOWN_MS = 3_500;
let current;

/** A line that goes away by itself, over the whole page or over one pane. */
export function toast(text, tone = 'info', over = document.body) {
  current?.remove();
  const node = h('p', { class: 'toast', role: 'status', data: { tone } }, text);
  current = node;
  over.append(node);
  setTimeout(() => node.remove(), SHOWN_MS);
}

/** An alert that has to be closed. */
export function alertBox(text) {
  const close = () => box.close();
  const box = h(
    'dialog',
    { class: 'alert', 'aria-label': 'The bot says', on: { close: () => box.remove() } },
    h('p', {}, text),
    h('button', { type: 'button', class: 'button button-main', on: { click: close } }, 'OK'),
  );
  document.body.append(box);
  box.showModal();
}

/** Runs a command and shows its error as a toast. Resolves to its answer, or undefined. */
export async function attempt(command) {
  try {
    return await command();
  } catch (error) {
    toast(error.message, 'bad');
    return undefined;
  }
}
