/** The box in which the user writes. Enter sends, Shift+Enter breaks the line, ArrowUp edits the last message. */
import { h, icon } from './dom.js';

const SEND = 'M4 12l16-8-6 16-3-6.500z';

export function composer(actions) {
  const box = h('textarea', {
    id: 'composer',
    rows: '1',
    maxlength: '4096',
    placeholder: 'Message',
    'aria-label': 'Message to the bot',
    enterkeyhint: 'send',
    autocomplete: 'off',
  });
  const send = h('button', { type: 'submit', class: 'send', 'aria-label': 'Send', title: 'Send (Enter)' }, icon(SEND));
  const editingText = h('span', {});
  const cancel = h('button', { type: 'button', class: 'cancel', 'aria-label': 'Cancel editing' }, '×');
  const editingBar = h('div', { class: 'editing', hidden: true }, editingText, cancel);
  const node = h('form', { class: 'composer' }, editingBar, h('div', { class: 'write' }, box, send));
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
    const done = editing ? await actions.saveEdit(editing, text) : await actions.say(text);
    // A message that could not be sent stays in the box.
    if (done) stopEditing();
  }

  node.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  box.addEventListener('input', grow);
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
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
