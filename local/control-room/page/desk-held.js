/** Whether anything goes out; after a restore: why not, what waits, and the end of it. */
import { confirmDeed, deedButton } from './confirm.js';
import { h, setAttr, setText } from './dom.js';
import { post } from './live.js';
import { outcomeOf } from './outcome.js';
import { attempt, toast } from './toast.js';

export function heldCard(kind, done) {
  const state = h('span', { class: 'pill' });
  const why = h('ul', { class: 'held-why' });
  const waits = h('div', { class: 'held-waits' });
  const acts = h('div', { class: 'item-acts' });
  const seen = h('p', { class: 'kind-seen' }, h('strong', {}, 'So far: '), kind.seen);
  const node = h(
    'section',
    { class: 'card kind', data: { kind: 'held' }, 'aria-labelledby': 'desk-held' },
    h('header', {}, h('h2', { id: 'desk-held' }, kind.title), state),
    h('p', { class: 'kind-what' }, kind.what),
    seen,
    why,
    waits,
    acts,
  );
  const ask = (deed, ids, title) =>
    confirmDeed({ about: { kind: 'held', deed, ids, bot: null }, deed: kind.deeds[deed], title, done });

  async function compare(event) {
    event.currentTarget.disabled = true;
    const outcome = await attempt(() => post('/api/desk/look', { what: 'reconcile' }));
    if (outcome) toast(outcome.said.join(' '), outcome.ok === false ? 'bad' : 'info');
    done();
  }

  let last;
  return {
    node,
    update(held) {
      const now = JSON.stringify(held);
      if (now === last) return;
      last = now;
      setAttr(state, 'data-tone', held.isHeld ? 'bad' : 'good');
      setText(state, held.isHeld ? 'held' : 'everything goes out');
      setAttr(node, 'data-tone', held.isHeld ? 'bad' : '');
      seen.hidden = !held.isHeld;
      why.replaceChildren(...held.why.map((reason) => h('li', {}, reason)));
      waits.replaceChildren(...(held.isHeld ? [outcomeOf(held)] : []));
      const classes = held.tables.flatMap(({ rows }) => rows.filter((row) => 'class' in row)).map((row) => row.class);
      acts.replaceChildren(
        ...(held.isHeld
          ? [
              deedButton('Compare the books first', false, compare),
              deedButton(kind.deeds.resume.label, false, () => ask('resume', [], 'what waits')),
              ...[...new Set(classes)].map((name) =>
                deedButton(`${kind.deeds.drop.label}: ${name}`, true, () =>
                  ask('drop', [name], `messages of class ${name}`),
                ),
              ),
            ]
          : [deedButton(kind.deeds.hold.label, false, () => ask('hold', [], 'until somebody lets it go'))]),
      );
    },
  };
}
