/** Database, front door and intake, providers: what stands around the tasks. */
import { h, keyed, setAttr, setText } from './dom.js';
import { count } from './format.js';
import { meter } from './meter.js';

const DATABASE_TONES = { up: 'good', restarting: 'warn', down: 'bad' };
const BREAKER_TONES = { closed: 'good', 'half-open': 'warn', open: 'bad' };
const PROVIDERS = {
  telegram: 'Telegram',
  openrouter: 'AI (OpenRouter)',
  novita: 'Renders (Novita)',
  access: 'Access',
  cryptoPay: 'Crypto Pay',
  nowPayments: 'NOWPayments',
};

const fact = (term, detail) => h('div', { class: 'fact' }, h('dt', {}, term), detail);

/** Connections that the tasks of a role hold by their own count, of the limit that the posture gives the role. */
function roleUse(tasks, role) {
  const healths = tasks.filter((task) => task.role === role && task.health).map((task) => task.health);
  return healths.length > 0 ? healths.reduce((sum, { pool }) => sum + pool.total, 0) : undefined;
}

export function databaseCard() {
  const state = h('span', { class: 'pill' });
  const all = meter('All');
  const roles = { web: meter('web'), worker: meter('worker'), media: meter('media') };
  roles.media.node.hidden = true;
  const node = h(
    'article',
    { class: 'card', 'aria-label': 'Database' },
    h('header', {}, h('h2', {}, 'Database connections'), state),
    h('div', { class: 'meters' }, all.node, ...Object.values(roles).map(({ node: row }) => row)),
  );
  all.node.title = 'Connections of the server / max_connections';
  for (const [role, { node: row }] of Object.entries(roles))
    row.title = `Pooled connections of ${role} tasks / CONNECTION LIMIT of the role`;
  return {
    node,
    update({ database, tasks, posture }) {
      if (!database) return;
      setAttr(node, 'data-tone', DATABASE_TONES[database.state]);
      setText(state, database.state);
      const { connections, maxConnections } = database;
      all.update({ used: connections, max: maxConnections, text: `${count(connections)} / ${count(maxConnections)}` });
      for (const [role, row] of Object.entries(roles)) {
        const used = roleUse(tasks ?? [], role);
        const max = posture?.[role]?.connectionLimit;
        row.node.hidden = role === 'media' && !max;
        row.update(used === undefined || !max ? undefined : { used, max, text: `${count(used)} / ${count(max)}` });
      }
    },
  };
}

const DOOR = [
  ['Requests', ({ requests }) => requests],
  ['Errors', ({ errors }) => errors, 'warn'],
  ['Stored', ({ intake }) => intake.stored],
  ['Duplicates', ({ intake }) => intake.duplicates],
  ['Refused', ({ intake }) => intake.refused, 'warn'],
  ['Malformed', ({ intake }) => intake.malformed, 'warn'],
  ['Forbidden', ({ intake }) => intake.forbidden, 'warn'],
];

export function doorCard() {
  const pending = h('dd', {}, '–');
  const values = DOOR.map(([term, read, tone]) => ({ term, read, tone, node: h('dd', {}, '–') }));
  const node = h(
    'article',
    { class: 'card', 'aria-label': 'Front door and intake' },
    h('header', {}, h('h2', {}, 'Front door and intake')),
    h(
      'dl',
      { class: 'facts-grid' },
      ...values.map(({ term, node: value }) => fact(term, value)),
      fact('At Telegram', pending),
    ),
  );
  return {
    node,
    update({ traffic, telegram }) {
      if (!traffic) return;
      for (const { read, tone, node: value } of values) {
        const now = read(traffic);
        setText(value, count(now));
        setAttr(value, 'data-tone', tone && now > 0 ? tone : '');
      }
      setText(pending, telegram ? count(telegram.pending) : '–');
    },
  };
}

function providerRow({ name }) {
  const state = h('span', { class: 'pill' });
  const detail = h('span', { class: 'muted' });
  const node = h(
    'li',
    { class: 'provider' },
    h('span', { class: 'provider-name' }, PROVIDERS[name] ?? name),
    detail,
    state,
  );
  return {
    node,
    update({ breaker, open, of, inFlight, failures, waiting }) {
      setAttr(node, 'data-tone', BREAKER_TONES[breaker]);
      setText(state, open > 0 && of > 1 ? `${breaker} in ${open} of ${of}` : breaker);
      const rated = waiting > 0 ? ` · ${count(waiting)} wait for the rate` : '';
      setText(detail, `${count(inFlight)} in flight · ${count(failures)} failed${rated}`);
    },
  };
}

/** Each task has breakers of its own: the worst is shown, and in how many tasks. */
function providersOf(tasks) {
  const all = {};
  for (const { breaker, name, inFlight, failures, rate } of tasks.flatMap(({ health }) =>
    Object.entries(health?.providers ?? {}).map(([provider, state]) => ({ ...state, name: provider })),
  )) {
    const sum = (all[name] ??= { name, breaker: 'closed', open: 0, of: 0, inFlight: 0, failures: 0, waiting: 0 });
    sum.of += 1;
    sum.inFlight += inFlight;
    sum.failures += failures;
    sum.waiting += rate?.waiting ?? 0;
    if (breaker !== 'closed') sum.open += 1;
    if (breaker === 'open' || sum.breaker === 'closed') sum.breaker = breaker;
  }
  return Object.values(all);
}

export function providersCard() {
  const list = h('ul', { class: 'providers' });
  const empty = h('p', { class: 'muted' }, 'No worker has called a provider yet.');
  const node = h(
    'article',
    { class: 'card', 'aria-label': 'Providers' },
    h('header', {}, h('h2', {}, 'Providers and their breakers')),
    list,
    empty,
  );
  const show = keyed(list, providerRow);
  return {
    node,
    update({ tasks }) {
      const providers = providersOf(tasks ?? []);
      empty.hidden = providers.length > 0;
      show(providers, ({ name }) => name);
    },
  };
}
