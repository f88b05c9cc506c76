/** What can be broken on demand: Telegram, the AI provider, the database; and a crowd to do it under load. */
import { crowdCard } from './crowd.js';
import { h, setAttr } from './dom.js';
import { post } from './live.js';
import { attempt, toast } from './toast.js';

const TELEGRAM = [
  { key: 'rateLimit', on: { retryAfter: 5 }, label: '429', hint: 'Every send answers 429, retry after 5 s' },
  { key: 'hang', on: true, label: 'Hang', hint: 'Calls are accepted and never answered' },
  { key: 'error', on: true, label: '500', hint: 'Calls answer 500' },
  { key: 'latency', on: 2000, label: 'Slow 2 s', hint: 'Calls answer after 2 s' },
  {
    key: 'loseAnswers',
    on: true,
    label: 'Lost reply',
    hint: 'Calls take effect, but their answers never arrive: see the desk',
  },
  { key: 'refuse', on: true, label: 'Refuse', hint: 'Sends answer 400, which no repetition mends: see the desk' },
  { key: 'duplicates', on: 3, label: 'Triplicate', hint: 'Each update is delivered up to three times, shuffled' },
  {
    key: 'noDrafts',
    on: true,
    label: 'No drafts',
    hint: 'Drafts of answers are not known: messages are edited instead',
  },
  { key: 'noMarkup', on: true, label: 'No markup', hint: 'Texts with markup answer 400: they are sent again, plain' },
];
/** Of whoever is asked for something. */
const OUTAGES = [
  { key: 'rateLimit', on: true, label: '429', hint: 'Every request answers 429' },
  { key: 'hang', on: true, label: 'Hang', hint: 'Requests are accepted and never answered' },
  { key: 'error', on: true, label: '500', hint: 'Requests answer 500' },
];
const PROVIDER = [
  ...OUTAGES,
  { key: 'latency', on: 5000, label: 'Slow 5 s', hint: 'Answers take 5 s' },
  { key: 'stalls', on: true, label: 'Stall', hint: 'Answers fall silent half way' },
  { key: 'cuts', on: true, label: 'Cut', hint: 'Answers are cut half way' },
  { key: 'breaksOff', on: true, label: 'Break off', hint: 'Answers end half way with an error' },
  { key: 'noUsage', on: true, label: 'No count', hint: 'Answers do not say how many tokens they took' },
];
const NOVITA = [
  ...OUTAGES,
  { key: 'slow', on: 10, label: 'Slow × 10', hint: 'Renders take ten times as long: time to cancel one' },
  { key: 'loseAnswers', on: true, label: 'Lost reply', hint: 'Renders begin, but nobody is told their number' },
  { key: 'loseCallbacks', on: true, label: 'Silent', hint: 'Nobody is told that a render is over' },
  { key: 'fails', on: true, label: 'Fail', hint: 'Renders fail in the end' },
  { key: 'forgets', on: true, label: 'Forget', hint: 'Its own renders are not known any more' },
  { key: 'resultGone', on: true, label: 'Gone', hint: 'Results cannot be fetched' },
  { key: 'drips', on: true, label: 'Drip', hint: 'Results come in drips' },
  { key: 'empty', on: true, label: 'Empty', hint: 'Our account there has nothing left' },
];
const MEDIA = [
  { key: 'rateLimit', on: true, label: '429', hint: 'Every request answers 429' },
  { key: 'hang', on: true, label: 'Hang', hint: 'Requests are accepted and never answered' },
  { key: 'error', on: true, label: '503', hint: 'Requests answer 503' },
  { key: 'refuses', on: true, label: '403', hint: 'Nobody is let in, as large sites answer data centres' },
  { key: 'tears', on: true, label: 'Break off', hint: 'Files break off in the middle' },
  { key: 'pace', on: 20_480, label: 'Slow', hint: 'Files come at 20 kB a second: time to cancel one' },
];
const OBJECTS = [
  { key: 'error', on: true, label: '503', hint: 'The object store answers 503' },
  { key: 'hang', on: true, label: 'Hang', hint: 'Requests are accepted and never answered' },
  { key: 'denied', on: true, label: '403', hint: 'The right to put files there is missing' },
];
const ACCESS = [
  { key: 'error', on: true, label: '500', hint: 'Requests answer 500, and nobody is let in or out' },
  { key: 'hang', on: true, label: 'Hang', hint: 'Requests are accepted and never answered' },
  { key: 'latency', on: 5000, label: 'Slow 5 s', hint: 'Answers take 5 s' },
  {
    key: 'loseAnswers',
    on: true,
    label: 'Lost reply',
    hint: 'People are let in and out, but the answers never arrive',
  },
  { key: 'notFound', on: true, label: '404', hint: 'A gateway in between knows nobody: nothing ends for it' },
];
const PAYER = [
  { key: 'error', on: true, label: '500', hint: 'Calls answer 500' },
  { key: 'loseAnswers', on: true, label: 'Lost reply', hint: 'Bills are made, but the answers never arrive' },
  { key: 'loseCallbacks', on: true, label: 'Silent', hint: 'What is paid is told to nobody' },
  { key: 'duplicates', on: 3, label: 'Triplicate', hint: 'Each callback is sent three times' },
];
const NAMELESS = { key: 'nameless', on: true, label: 'Nameless', hint: 'What it tells of names no payment' };
const SIGNS = { key: 'oldSignature', on: true, label: 'Old signature', hint: 'Signs as its older documents say' };

function toggle(target, { key, on, label, hint }) {
  const node = h(
    'button',
    { type: 'button', class: 'toggle', title: hint, 'aria-pressed': 'false', data: { fault: `${target}.${key}` } },
    h('i', { class: 'knob', 'aria-hidden': 'true' }),
    label,
  );
  node.addEventListener('click', () => {
    const pressed = node.getAttribute('aria-pressed') === 'true';
    void attempt(() => post('/api/faults', { target, faults: { [key]: pressed ? false : on } }));
  });
  return { node, update: (faults) => setAttr(node, 'aria-pressed', Boolean(faults?.[key])) };
}

function group(title, target, list) {
  const toggles = list.map((fault) => toggle(target, fault));
  const node = h(
    'div',
    { class: 'fault-group', role: 'group', 'aria-label': `Faults of ${title}` },
    h('h3', {}, title),
    h('div', { class: 'toggles' }, ...toggles.map((one) => one.node)),
  );
  return {
    node,
    update(faults) {
      node.hidden = faults === null;
      for (const one of toggles) one.update(faults);
    },
  };
}

function databaseGroup() {
  const button = h('button', { type: 'button', class: 'button' }, 'Restart database');
  button.title = 'Immediate restart: every connection is cut, as in a failover';
  button.addEventListener('click', async () => {
    button.disabled = true;
    const done = await attempt(() => post('/api/database/restart'));
    if (done) toast('The database is up again');
    button.disabled = false;
  });
  return h(
    'div',
    { class: 'fault-group fault-row', role: 'group', 'aria-label': 'Faults of the database' },
    h('h3', {}, 'Database'),
    button,
  );
}

/** Links of the simulated websites, to be copied into the chat. */
function linksGroup() {
  const list = h('ul', { class: 'links' });
  const node = h('details', { hidden: true }, h('summary', {}, 'Links to send to the bot'), list);
  let shown = 0;
  return {
    node,
    update(links = []) {
      if (links.length === shown) return;
      shown = links.length;
      node.hidden = shown === 0;
      list.replaceChildren(...links.map(({ link, what }) => h('li', {}, h('code', {}, link), ` ${what}`)));
    },
  };
}

export function faultsPanel() {
  const telegram = group('Telegram', 'telegram', TELEGRAM);
  const provider = group('AI provider', 'provider', PROVIDER);
  const novita = group('Novita', 'novita', NOVITA);
  const access = group('Access provider', 'access', ACCESS);
  const media = group('Websites', 'media', MEDIA);
  const objects = group('Object store', 'objects', OBJECTS);
  const links = linksGroup();
  const payers = {
    cryptoPay: group('Crypto Pay', 'cryptoPay', [...PAYER, NAMELESS]),
    nowPayments: group('NOWPayments', 'nowPayments', [...PAYER, SIGNS]),
  };
  const crowd = crowdCard();
  const calm = h('button', { type: 'button', class: 'link', hidden: true }, 'Switch all off');
  const node = h(
    'div',
    { class: 'card faults' },
    h('header', {}, h('h2', {}, 'Break something'), calm),
    telegram.node,
    provider.node,
    novita.node,
    access.node,
    media.node,
    links.node,
    objects.node,
    ...Object.values(payers).map((one) => one.node),
    databaseGroup(),
    crowd.node,
  );
  let faults;
  calm.addEventListener('click', () => {
    for (const target of ['telegram', 'provider', 'novita', 'access', 'media', 'objects', ...Object.keys(payers)]) {
      const on = Object.keys(faults?.[target] ?? {}).filter((key) => key !== 'blocked' && faults[target][key]);
      if (on.length === 0) continue;
      const off = Object.fromEntries(on.map((key) => [key, false]));
      void attempt(() => post('/api/faults', { target, faults: off }));
    }
  });
  return {
    node,
    update(state) {
      faults = state.faults;
      telegram.update(faults?.telegram ?? null);
      provider.update(faults?.provider ?? null);
      novita.update(faults?.novita ?? null);
      access.update(faults?.access ?? null);
      media.update(faults?.media ?? null);
      objects.update(faults?.objects ?? null);
      for (const [name, one] of Object.entries(payers)) one.update(faults?.[name] ?? null);
      links.update(state.links);
      crowd.update(state.crowd);
      calm.hidden = activeFaults(faults) === 0;
    },
  };
}

/** How many faults are switched on. */
export const activeFaults = (faults) =>
  Object.values(faults ?? {})
    .flatMap((target) => Object.entries(target ?? {}))
    .filter(([, value]) => (Array.isArray(value) ? value.length > 0 : Boolean(value))).length;
