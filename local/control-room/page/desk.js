/** The desk of parked work: what the bot could not do by itself, and what a person can do about it. */
import { heldCard } from './desk-held.js';
import { deskSection } from './desk-section.js';
import { toolsCard } from './desk-tools.js';
import { h, s, setText } from './dom.js';

const EVERY_MS = 2_000;
/** In the order of their urgency. */
const ORDER = ['payment', 'callback', 'rendered', 'update', 'job', 'message', 'unknown'];

const title = h('p', { class: 'desk-verdict', role: 'status' }, 'Looking…');
const banner = h('p', { class: 'desk-away', role: 'alert', hidden: true });
const empty = h(
  'div',
  { class: 'desk-empty', hidden: true },
  s(
    'svg',
    { viewBox: '0 0 32 32', class: 'hull', 'aria-hidden': 'true' },
    s('path', { class: 'hull-sail', d: 'M15 4v14H5.5C9 15 13 10 15 4zM17 8c1.500 4 4.500 8 8 10h-8z' }),
    s('path', { d: 'M4 20h24c-1.500 5-5 7.500-9 7.500h-6C9 27.500 5.500 25 4 20z' }),
  ),
  h('p', { class: 'desk-empty-title' }, 'Nothing is parked'),
  h(
    'p',
    { class: 'muted' },
    'What fails at every attempt, what nobody could value, and what may or may not have arrived comes to lie here. The bot goes on meanwhile.',
  ),
);

async function kindsOf() {
  const response = await fetch('/api/desk/kinds');
  if (!response.ok) throw new Error('This control room has no desk.');
  return response.json();
}

function start(kinds) {
  let looking = false;
  const again = () => void look();
  const sections = ORDER.map((name) => [name, deskSection(name, kinds[name], again)]);
  const tools = toolsCard();
  const held = heldCard(kinds.held, again);
  document
    .getElementById('desk')
    .replaceChildren(
      h('div', { class: 'desk-head' }, h('h1', {}, 'The desk'), title),
      banner,
      empty,
      ...sections.map(([, { node }]) => node),
      tools,
    );

  function show({ items, held: holding, away }) {
    banner.hidden = away === null;
    setText(banner, away ?? '');
    if (away !== null) return;
    for (const [name, section] of sections) section.update(items.filter(({ kind }) => kind === name));
    held.update(holding);
    // What is held stands first; while nothing is, it is only a switch.
    const place = holding.isHeld ? empty : tools;
    if (place.previousSibling !== held.node) place.before(held.node);
    empty.hidden = items.length > 0;
    const waits = items.length === 1 ? '1 thing waits for a person' : `${items.length} things wait for a person`;
    const said = items.length === 0 ? 'Nothing waits for a person' : waits;
    setText(title, holding.isHeld ? `Nothing goes out · ${said.toLowerCase()}` : said);
    document.title = `${items.length > 0 ? `(${items.length}) ` : ''}The desk – Evenkeel`;
  }

  async function look() {
    if (looking || document.hidden) return;
    looking = true;
    try {
      const response = await fetch('/api/desk');
      const answer = await response.json();
      show(response.ok ? answer : { away: answer.error });
    } catch {
      show({ away: 'The control room does not answer. Is npm start still running?' });
    } finally {
      looking = false;
    }
  }
  setInterval(look, EVERY_MS);
  document.addEventListener('visibilitychange', again);
  again();
}

try {
  start(await kindsOf());
} catch (error) {
  document.getElementById('desk').replaceChildren(h('p', { class: 'desk-away', role: 'alert' }, error.message));
}
