/** What a verb answers with: tables of names and numbers, and sentences beside them. */
import { h } from './dom.js';
import { moment } from './format.js';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** `dueSeconds` as `due seconds`. */
const words = (name) => name.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();

function cell(value) {
  if (value === null || value === undefined) return '–';
  return ISO.test(String(value)) ? moment(value) : String(value);
}

/** Longer than this it is prose, and may break. */
const SHORT = 40;

const tableCell = (name, text) =>
  h('td', { class: text.length > SHORT ? 'prose' : '', data: { label: words(name) } }, text);

function table({ title, rows }) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return h(
    'div',
    { class: 'outcome-table', role: 'region', 'aria-label': title, tabindex: '0' },
    h(
      'table',
      {},
      h('caption', {}, title),
      h('thead', {}, h('tr', {}, ...names.map((name) => h('th', { scope: 'col' }, words(name))))),
      h(
        'tbody',
        {},
        ...(rows.length > 0 ? rows : [{}]).map((row) =>
          h('tr', {}, ...names.map((name) => tableCell(name, cell(row[name])))),
        ),
      ),
    ),
  );
}

/** How a verb names things in a terminal, and how the page does. */
const WORDS = [
  [/--credits N/g, '“Credits”'],
  [/--user ID/g, '“Whose it is”'],
  [/--(force|sent)\b/g, 'the box'],
  [/\bknownUntil\b/g, '“known until”'],
  [/held drop CLASS leaves it unsaid/g, '“Leave unsaid” keeps it back for good'],
  [/is said again by resume/g, 'is said again when everything goes out'],
  [/ops reconcile first, and look again/g, 'compare them first, and look again'],
  [/until resume/g, 'until it is let go'],
  [/ops held shows/g, 'this card shows'],
];

/** A sentence of a verb in the words of the page. */
export const onPage = (text) => WORDS.reduce((said, [word, here]) => said.replace(word, here), text);

export const outcomeOf = ({ tables = [], said = [] }) =>
  h('div', { class: 'outcome' }, ...said.map((text) => h('p', {}, onPage(text))), ...tables.map(table));
