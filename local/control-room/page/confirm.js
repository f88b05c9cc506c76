/**
 * Asks before something is done by hand, as `npm run ops` does: what it is about, what the user will see of it, why.
 * Nothing is done before that, and what cannot be taken back says so.
 */
import { h, setText } from './dom.js';
import { post } from './live.js';
import { onPage, outcomeOf } from './outcome.js';
import { toast } from './toast.js';

const FIELDS = {
  credits: { label: 'Credits', hint: 'empty: as its price says', inputmode: 'numeric' },
  user: { label: 'Whose it is', hint: 'Telegram id; empty: who paid', inputmode: 'numeric' },
  force: { label: 'Also where the credits are spent: what is missing becomes a debt' },
  sent: { label: 'I have sent it back by hand, and say by which transaction below (NOWPayments)' },
};
/** After the last key, before it is asked what would become of it. */
const PAUSE_MS = 400;

let numbers = 0;

function field(name) {
  const { label, hint, inputmode } = FIELDS[name];
  const id = `field-${++numbers}`;
  if (hint === undefined) {
    const box = h('input', { type: 'checkbox', id });
    return {
      name,
      input: box,
      value: () => box.checked || undefined,
      node: h('div', { class: 'field-check' }, box, h('label', { for: id }, label)),
    };
  }
  const input = h('input', { class: 'input', id, inputmode, autocomplete: 'off', maxlength: '16', placeholder: hint });
  return {
    name,
    input,
    value: () => input.value.trim() || undefined,
    node: h('div', { class: 'field' }, h('label', { for: id }, label), input),
  };
}

/** A button that asks before it does something. `isLoss`: what it does cannot be taken back. */
export function deedButton(label, isLoss, act) {
  const names = `act act-plain act-deed${isLoss ? ' act-loss' : ''}`;
  return h('button', { type: 'button', class: names, on: { click: act } }, label);
}

/**
 * @param about {kind, deed, ids, bot}: as the server is told
 * @param deed {label, users, isFinal, fields}
 * @param title what it is done to
 * @param done called with the outcome
 */
export function confirmDeed({ about, deed, title, done }) {
  const fields = (deed.fields ?? []).map(field);
  const reason = h('input', { class: 'input', id: 'reason', required: true, maxlength: '500', autocomplete: 'off' });
  const told = h('div', { class: 'told', 'aria-live': 'polite' }, h('p', { class: 'muted' }, 'Looking…'));
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  const act = h(
    'button',
    { type: 'submit', class: `button button-main${deed.isLoss ? ' button-loss' : ''}` },
    deed.label,
  );
  const cancel = h('button', { type: 'button', class: 'button', on: { click: () => box.close() } }, 'Cancel');
  const form = h(
    'form',
    { class: 'confirm-form' },
    h('h2', {}, `${deed.label}: ${title}`),
    told,
    h(
      'div',
      { class: 'users' },
      h('h3', {}, 'What the user will see'),
      h('p', {}, deed.users),
      deed.isFinal ? h('p', { class: 'final' }, 'This cannot be taken back.') : undefined,
    ),
    ...fields.map(({ node }) => node),
    h(
      'div',
      { class: 'field' },
      h('label', { for: 'reason' }, 'Why? It is kept in the audit, with your name.'),
      reason,
    ),
    problem,
    h('div', { class: 'confirm-acts' }, cancel, act),
  );
  const box = h('dialog', { class: 'confirm', 'aria-label': `${deed.label}: ${title}` }, form);
  box.addEventListener('close', () => box.remove());

  const body = () => ({ ...about, ...Object.fromEntries(fields.map(({ name, value }) => [name, value()])) });
  let asked = 0;
  /** What would be done, and whether it can be. */
  async function ask() {
    const mine = ++asked;
    let outcome;
    try {
      outcome = await post('/api/desk', { ...body(), dryRun: true });
    } catch (error) {
      outcome = { ok: false, said: [error.message] };
    }
    if (mine !== asked) return;
    // What has not been filled in yet is no mistake.
    told.dataset.tone = outcome.ok || (fields.length > 0 && !fields.some(({ value }) => value())) ? '' : 'bad';
    // Of one thing the page shows all of it already.
    told.replaceChildren(outcomeOf({ ...outcome, ...(about.ids.length === 1 && { tables: [] }) }));
    told.hidden = !told.textContent;
    act.disabled = !outcome.ok;
  }
  let later;
  for (const { input } of fields)
    input.addEventListener('input', () => {
      act.disabled = true;
      clearTimeout(later);
      later = setTimeout(ask, PAUSE_MS);
    });

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    act.disabled = true;
    act.setAttribute('aria-busy', 'true');
    try {
      const outcome = await post('/api/desk', { ...body(), reason: reason.value });
      box.close();
      toast(onPage(outcome.said.join(' ')));
      done?.(outcome);
    } catch (error) {
      setText(problem, onPage(error.message));
      problem.hidden = false;
      act.disabled = false;
      act.removeAttribute('aria-busy');
    }
  });

  act.disabled = true;
  document.body.append(box);
  box.showModal();
  (fields[0]?.input ?? reason).focus();
  void ask();
}
