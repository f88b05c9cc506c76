/**
 * The box in which the user writes. Enter sends, Shift+Enter breaks the line, ArrowUp edits the last message, "/" shows the
 * bot's commands.
 */
import { commandMenu } from './command-menu.js';
import { h, icon } from './dom.js';

/** Characters that one message holds: Telegram's apps make several of a longer text. */
const MOST = 4096;
const SEND = 'M4 12l16-8-6 16-3-6.500z';

/** As Telegram's apps cut: at the last line or word that fits. */
function pieces(text) {
  const cut = [];
  let rest = text;
  while (rest.length > MOST) {
    const head = rest.slice(0, MOST);
    const at = Math.max(head.lastIndexOf('\n'), head.lastIndexOf(' '));
    // Never between the halves of a character.
    const whole = /[\uD800-\uDBFF]$/.test(head) ? MOST - 1 : MOST;
    const length = at > MOST / 2 ? at : whole;
    cut.push(rest.slice(0, length));
    rest = rest.slice(length).trimStart();
  }
  return [...cut, rest];
}

export function composer(actions) {
  const box = h('textarea', {
    id: 'composer',
    rows: '1',
    placeholder: 'Message',
    'aria-label': 'Message to the bot',
    enterkeyhint: 'send',
    autocomplete: 'off',
  });
  const send = h('button', { type: 'submit', class: 'send', 'aria-label': 'Send', title: 'Send (Enter)' }, icon(SEND));
  const editingText = h('span', {});
  const cancel = h('button', { type: 'button', class: 'cancel', 'aria-label': 'Cancel editing' }, '×');
  const editingBar = h('div', { class: 'editing', hidden: true }, editingText, cancel);
  const menu = commandMenu(box, actions.commands, (text) => void sendAll(text));
  const commands = h(
    'button',
    { type: 'button', class: 'commands', 'aria-label': 'Commands', title: 'What the bot can do' },
    '/',
  );
  commands.addEventListener('click', () => {
    box.focus();
    if (!menu.node.hidden) return menu.hide();
    box.value = '/';
    return menu.look();
  });
  const node = h(
    'form',
    { class: 'composer' },
    editingBar,
    menu.node,
    h('div', { class: 'write' }, commands, box, send),
  );
  let editing;

  // The box grows with its text; style is set through the object model, which the page's CSP allows.
  function grow() {
    box.style.height = 'auto';
    box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
  }

  function stopEditing() {
    editing = undefined;
    editingBar.hidden = true;
    box.value = '';
    grow();
    box.focus();
  }

  function edit(message) {
    editing = message;
    editingText.textContent = `Editing: ${message.text}`;
    editingBar.hidden = false;
    box.value = message.text;
    grow();
    box.focus();
  }

  async function submit() {
    const text = box.value.trim();
    if (!text) return;
    if (!editing) return sendAll(text);
    // A message that could not be sent stays in the box.
    if (await actions.saveEdit(editing, text)) stopEditing();
  }

  async function sendAll(text) {
    const all = pieces(text);
    for (const [index, piece] of all.entries()) {
      if (await actions.say(piece)) continue;
      box.value = all.slice(index).join('\n');
      return grow();
    }
    return stopEditing();
  }

  node.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  box.addEventListener('input', () => {
    grow();
    if (!editing) void menu.look();
  });
  box.addEventListener('blur', menu.hide);
  box.addEventListener('keydown', (event) => {
    if (!event.isComposing && menu.takes(event)) {
      event.preventDefault();
      grow();
    } else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      void submit();
    } else if (event.key === 'Escape' && editing) stopEditing();
    else if (event.key === 'ArrowUp' && box.value === '') {
      const last = actions.lastOwn();
      if (last) {
        event.preventDefault();
        edit(last);
      }
    }
  });
  cancel.addEventListener('click', stopEditing);
  return { node, edit, focus: () => box.focus() };
}
