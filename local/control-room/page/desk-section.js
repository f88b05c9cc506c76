/** One kind of what lies on the desk: what it is, what became of it so far, and each of it with what can be done. */
import { confirmDeed, deedButton } from './confirm.js';
import { h, keyed, setText } from './dom.js';
import { ago, moment } from './format.js';
import { post } from './live.js';
import { outcomeOf } from './outcome.js';
import { attempt } from './toast.js';

const ISO = /^\d{4}-\d\d-\d\dT/;
/** Of a kind, on the page; the rest follow when these are gone. */
const MOST = 100;

const shown = (value) => (value === null ? '–' : ISO.test(String(value)) ? moment(value) : String(value));

/** By the name of the page's tab, where it has one. */
const whose = ({ chat, who }) => (who ? `${who} · ${chat}` : `chat ${chat}`);

/** What is known of it: its story, and what people did. */
function storyOf({ id, kind }) {
  if (kind === 'payment') return undefined;
  const isUpdate = /^(\d|callback:)/.test(id);
  const place = h('div', { class: 'story' });
  const node = h('details', { class: 'more' }, h('summary', {}, isUpdate ? 'What happened' : 'What people did'), place);
  node.addEventListener('toggle', async () => {
    if (!node.open) return;
    const outcome = await attempt(() => post('/api/desk/look', { what: isUpdate ? 'story' : 'item', word: id }));
    if (outcome) place.replaceChildren(outcomeOf(outcome));
  });
  return node;
}

function card(first, kind, done) {
  const since = h('span', { class: 'muted item-since' });
  const who = first.chat === null ? undefined : h('span', { class: 'muted' }, whose(first));
  const cause = h('p', { class: 'item-cause' }, first.cause ?? 'No cause is kept.');
  const buttons = first.deeds.map((name) => {
    const deed = kind.deeds[name];
    return deedButton(deed.label, deed.isLoss, () =>
      confirmDeed({
        about: { kind: first.kind, deed: name, ids: [first.id], bot: first.bot },
        deed,
        title: first.title,
        done,
      }),
    );
  });
  const node = h(
    'li',
    { class: 'item', data: { item: first.id } },
    h('header', {}, h('h3', {}, first.title), who, since),
    cause,
    h(
      'dl',
      { class: 'item-facts' },
      ...first.facts.map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, shown(value)))),
    ),
    storyOf(first),
    buttons.length > 0 ? h('div', { class: 'item-acts' }, ...buttons) : undefined,
  );
  return {
    node,
    update(item) {
      setText(since, item.since === null ? '' : ago(item.since));
      if (item.since !== null) since.title = moment(item.since);
    },
  };
}

/** `done` is called after something was decided. */
export function deskSection(name, kind, done) {
  const number = h('span', { class: 'pill', data: { tone: 'warn' } });
  const list = h('ul', { class: 'items' });
  const heading = h('h2', { id: `desk-${name}`, tabindex: '-1' }, kind.title);
  const many = Object.entries(kind.deeds).filter(([, deed]) => deed.isForMany);
  const all = h('div', { class: 'all-acts' });
  const more = h(
    'p',
    { class: 'muted', hidden: true },
    `The latest ${MOST} are shown; the others follow when these are gone.`,
  );
  const node = h(
    'section',
    { class: 'card kind', data: { kind: name }, 'aria-labelledby': `desk-${name}`, hidden: true },
    h('header', {}, heading, number),
    h('p', { class: 'kind-what' }, kind.what),
    h('p', { class: 'kind-seen' }, h('strong', {}, 'So far: '), kind.seen),
    h(
      'dl',
      { class: 'kind-deeds' },
      ...Object.values(kind.deeds).map(({ label, users }) => h('div', {}, h('dt', {}, label), h('dd', {}, users))),
    ),
    list,
    more,
    all,
  );
  let items = [];
  const after = () => {
    heading.focus();
    done();
  };
  const show = keyed(list, (item) => card(item, kind, after));

  const buttons = many.map(([deed, one]) => {
    const button = deedButton('', one.isLoss, () => {
      const chosen = items.filter(({ deeds }) => deeds.includes(deed));
      const bots = new Set(chosen.map(({ bot }) => bot));
      confirmDeed({
        about: { kind: name, deed, ids: chosen.map(({ id }) => id), bot: bots.size === 1 ? chosen[0].bot : null },
        deed: one,
        title: `${chosen.length} at once`,
        done: after,
      });
    });
    all.append(button);
    return {
      update() {
        const chosen = items.filter(({ deeds }) => deeds.includes(deed)).length;
        button.hidden = chosen < 2;
        setText(button, `${one.label}: all ${chosen}`);
      },
    };
  });

  return {
    node,
    update(next) {
      items = next;
      node.hidden = items.length === 0;
      more.hidden = items.length < MOST;
      setText(number, String(items.length));
      // What has changed is another card: all but its age stays as it was made.
      show(items, (item) => JSON.stringify({ ...item, since: null }));
      for (const one of buttons) one.update();
      all.hidden = buttons.length === 0 || items.length < 2;
    },
  };
}
