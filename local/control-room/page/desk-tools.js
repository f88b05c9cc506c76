/** Looks something up: a person's credits, a payment, an update's story, the ledger. */
import { h } from './dom.js';
import { post } from './live.js';
import { outcomeOf } from './outcome.js';
import { attempt } from './toast.js';

const QUESTIONS = [
  { what: 'user', label: 'A person’s credits', hint: 'Telegram id, such as 1001', word: true },
  { what: 'payment', label: 'A payment', hint: 'receipt, such as R-17', word: true },
  { what: 'story', label: 'An update’s story', hint: 'its id', word: true },
  { what: 'status', label: 'How the bot stands', word: false },
  { what: 'ledger', label: 'Whether the ledger agrees with itself', word: false },
  { what: 'reconcile', label: 'Compare the books with Telegram and the providers', word: false },
];

export function toolsCard() {
  const select = h(
    'select',
    { class: 'select', id: 'tool-what' },
    ...QUESTIONS.map(({ what, label }) => h('option', { value: what }, label)),
  );
  const word = h('input', { class: 'input', id: 'tool-word', autocomplete: 'off', maxlength: '200', required: true });
  const wordField = h('div', { class: 'field' }, h('label', { for: 'tool-word' }, 'Which one'), word);
  const act = h('button', { type: 'submit', class: 'button button-main' }, 'Look');
  const answer = h('div', { class: 'answer', 'aria-live': 'polite' });
  const form = h(
    'form',
    { class: 'tools-form' },
    h('div', { class: 'field' }, h('label', { for: 'tool-what' }, 'What'), select),
    wordField,
    act,
  );
  const chosen = () => QUESTIONS.find(({ what }) => what === select.value);
  const changed = () => {
    const { word: wants, hint } = chosen();
    wordField.hidden = !wants;
    word.required = wants;
    word.placeholder = hint ?? '';
    word.value = '';
  };
  select.addEventListener('change', changed);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    act.disabled = true;
    answer.replaceChildren(h('p', { class: 'muted' }, 'Looking…'));
    const { what, word: wants } = chosen();
    const outcome = await attempt(() => post('/api/desk/look', { what, ...(wants && { word: word.value }) }));
    answer.replaceChildren(...(outcome ? [outcomeOf(outcome)] : []));
    act.disabled = false;
  });
  changed();
  return h(
    'section',
    { class: 'card kind tools', 'aria-labelledby': 'desk-tools' },
    h('header', {}, h('h2', { id: 'desk-tools' }, 'Look something up')),
    form,
    answer,
  );
}
