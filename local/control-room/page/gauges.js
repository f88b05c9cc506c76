/** The four figures that tell whether work flows: what comes in, what is done, what waits, for how long. */
import { h, setAttr, setText } from './dom.js';
import { count, rate, seconds } from './format.js';
import { sparkline } from './spark.js';

/** Age, s, from which the oldest waiting update is worth a look, and from which it is wrong. */
const SLOW = 10;
const STUCK = 60;

const GAUGES = [
  { key: 'handled', label: 'Handled', unit: '/s', show: rate },
  { key: 'requests', label: 'Webhook requests', unit: '/s', show: rate },
  { key: 'pending', label: 'Waiting updates', unit: '', show: count },
  { key: 'oldest', label: 'Oldest waiting', unit: '', show: seconds },
];

function gauge({ key, label, unit, show }) {
  const value = h('span', { class: 'gauge-value' }, '–');
  const note = h('p', { class: 'gauge-note' });
  const spark = sparkline();
  const node = h(
    'div',
    { class: 'gauge' },
    h('p', { class: 'gauge-label' }, label),
    h('p', { class: 'gauge-figure' }, value, unit ? h('span', { class: 'gauge-unit' }, unit) : undefined),
    note,
    spark.node,
  );
  return {
    node,
    key,
    update(now, samples, { text, tone } = {}) {
      setText(value, now === undefined ? '–' : show(now));
      setText(note, text ?? '');
      setAttr(node, 'data-tone', tone ?? '');
      const values = samples.map((sample) => ({ at: sample.at, value: sample[key] }));
      const most = Math.max(0, ...values.map((point) => point.value));
      const words = `${label}: ${now === undefined ? 'unknown' : show(now)}${unit} now, at most ${show(most)}${unit} in two minutes`;
      spark.update(values, Date.now(), words);
    },
  };
}

export function gaugeStrip() {
  const gauges = Object.fromEntries(GAUGES.map((one) => [one.key, gauge(one)]));
  const node = h('div', { class: 'gauges' }, ...Object.values(gauges).map((one) => one.node));
  return {
    node,
    update({ traffic, queues, samples, database }) {
      if (!traffic) return;
      const all = queues ? Object.values(queues) : undefined;
      const pending = all?.reduce((sum, queue) => sum + queue.pending, 0);
      const oldest = all && Math.max(0, ...all.map((queue) => queue.oldestSeconds));
      const errors = traffic.errorsPerSecond;
      gauges.handled.update(traffic.handledPerSecond, samples, { text: `${count(traffic.handled)} in all` });
      gauges.requests.update(traffic.requestsPerSecond, samples, {
        text: errors > 0 ? `${rate(errors)}/s failed` : `${count(traffic.requests)} in all`,
        tone: errors > 0 ? 'warn' : '',
      });
      const most = (key, show) =>
        all
          ? `most ${show(Math.max(0, ...samples.map((sample) => sample[key])))} in 2 min`
          : database?.state === 'up'
            ? 'unknown just now'
            : 'database away';
      gauges.pending.update(pending, samples, { text: most('pending', count) });
      gauges.oldest.update(oldest, samples, {
        text: most('oldest', seconds),
        tone: oldest > STUCK ? 'bad' : oldest > SLOW ? 'warn' : '',
      });
    },
  };
}
