/** Each promise of the posture beside what was measured, and by what it was tested. */
import { h, keyed, setAttr, setText } from './dom.js';
import { timeOfDay } from './format.js';

const seconds = (ms) => `${(Math.max(0, ms) / 1000).toFixed(1)} s`;

function row({ name, says }) {
  const value = h('span', { class: 'promise-value' });
  const state = h('span', { class: 'pill' });
  const detail = h('p', { class: 'promise-detail' });
  const bar = h('i', { class: 'promise-bar', 'aria-hidden': 'true' });
  const node = h(
    'li',
    { class: 'promise', data: { promise: name } },
    h('div', { class: 'promise-head' }, h('strong', {}, name), value, state),
    bar,
    h('p', { class: 'promise-says' }, says),
    detail,
  );
  return {
    node,
    update({ promised, limit, how, last, worst, testing }, now = Date.now()) {
      const isKept = !worst || worst.value <= limit;
      const tone = testing ? 'warn' : !last ? 'info' : isKept ? 'good' : 'bad';
      setAttr(node, 'data-tone', tone);
      setText(value, `≤ ${promised}`.replace(/^≤ (?=.* of |.* or more)/, ''));
      setText(state, testing ? 'being tested' : !last ? 'not tested yet' : isKept ? 'kept' : 'broken');
      const share = last && limit > 0 ? Math.min(1, last.value / limit) : 0;
      bar.style.setProperty('--share', share);
      const measured = last ? `Last ${last.shown}, at ${timeOfDay(last.at)}: ${last.by}.` : '';
      const most = worst && last && worst.value > last.value ? ` Worst ${worst.shown}: ${worst.by}.` : '';
      setText(
        detail,
        testing
          ? `By ${testing.by}, for ${seconds(now - testing.since)}…`
          : last
            ? measured + most
            : `To test it: ${how}.`,
      );
    },
  };
}

export function promisesCard() {
  const list = h('ul', { class: 'promises' });
  const summary = h('span', { class: 'muted' });
  const node = h(
    'article',
    { class: 'card', 'aria-label': 'Promises' },
    h('header', {}, h('h2', {}, 'Promises, and what was measured'), summary),
    list,
  );
  const show = keyed(list, row);
  return {
    node,
    update({ promises }) {
      if (!promises) return;
      show(promises, ({ name }) => name);
      const broken = promises.filter(({ worst, limit }) => worst && worst.value > limit).length;
      const tested = promises.filter(({ last }) => last).length;
      setText(summary, broken > 0 ? `${broken} broken` : `${tested} of ${promises.length} tested, all kept`);
    },
  };
}
