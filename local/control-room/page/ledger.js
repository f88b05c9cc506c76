/** The credits of whoever the chosen chat is with, and how they move: looked at while somebody looks. */
import { h, keyed, setAttr, setText } from './dom.js';
import { following } from './follow.js';
import { clock, count } from './format.js';

const AMOUNTS = ['available', 'held', 'debt'];
const COLUMNS = ['At', 'What', 'Account', 'Credits'];

function entry({ at, kind, cause, account, amount }) {
  const size = Number(amount);
  // What the person gets, somebody else gives.
  const own = AMOUNTS.includes(account);
  const cells = [
    h('td', { data: { label: 'At' } }, clock(at / 1000)),
    h('td', { data: { label: 'What' }, title: cause }, kind),
    h('td', { data: { label: 'Account' } }, account),
    h('td', { data: { label: 'Credits', tone: own && size < 0 ? 'bad' : '' } }, `${size > 0 ? '+' : ''}${count(size)}`),
  ];
  return { node: h('tr', {}, ...cells), update: () => undefined };
}

export function ledgerCard() {
  const values = Object.fromEntries(AMOUNTS.map((name) => [name, h('dd', { data: { amount: name } }, '–')]));
  const facts = AMOUNTS.map((name) => h('div', { class: 'fact' }, h('dt', {}, name), values[name]));
  const body = h('tbody');
  const head = h('tr', {}, ...COLUMNS.map((column) => h('th', { scope: 'col' }, column)));
  const table = h('table', { 'aria-labelledby': 'ledger-title' }, h('thead', {}, head), body);
  const empty = h('p', { class: 'muted' }, 'No credits have moved yet: write /topup.');
  const node = h(
    'article',
    { class: 'card queues ledger', 'aria-label': 'Ledger' },
    h('header', {}, h('h2', { id: 'ledger-title' }, 'Ledger')),
    h('dl', { class: 'facts-grid' }, ...facts),
    empty,
    table,
  );
  const show = keyed(body, entry);
  const { follow, look } = following({
    node,
    url: (id) => `/api/ledger/${id}`,
    answered(ledger) {
      for (const name of AMOUNTS) setText(values[name], count(Number(ledger[name])));
      setAttr(values.debt, 'data-tone', ledger.debt === '0' ? '' : 'bad');
      empty.hidden = ledger.entries.length > 0;
      table.hidden = !empty.hidden;
      show(ledger.entries, (one) => one.id);
    },
  });
  return { node, follow, look };
}
