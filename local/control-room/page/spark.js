/** A sparkline over the last two minutes, drawn in SVG. */
import { s, setAttr } from './dom.js';

const SPAN_MS = 120_000;
const WIDTH = 240;
const HEIGHT = 40;
const TOP = 3;

/** Runs of samples without a gap: where nothing was known, the line breaks. */
function runs(samples) {
  const all = [[]];
  for (const sample of samples) {
    if (sample.value === null) all.push([]);
    else all[all.length - 1].push(sample);
  }
  return all.filter((run) => run.length > 0);
}

/** `update(samples, now, words)`: samples are `{ at, value }`, oldest first; `words` say the line to a screen reader. */
export function sparkline() {
  const area = s('path', { class: 'spark-area' });
  const line = s('path', { class: 'spark-line', 'vector-effect': 'non-scaling-stroke' });
  const node = s(
    'svg',
    { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' },
    area,
    line,
  );
  return {
    node,
    update(samples, now, words) {
      const top = Math.max(1, ...samples.map(({ value }) => value ?? 0));
      const x = ({ at }) => (WIDTH * (1 - (now - at) / SPAN_MS)).toFixed(1);
      const y = ({ value }) => (HEIGHT - 1 - (value / top) * (HEIGHT - TOP - 1)).toFixed(1);
      const paths = runs(samples).map((run) => ({
        run,
        path: `M${run.map((sample) => `${x(sample)} ${y(sample)}`).join('L')}`,
      }));
      setAttr(line, 'd', paths.map(({ path }) => path).join(''));
      const closed = ({ run, path }) => `${path}L${x(run[run.length - 1])} ${HEIGHT}L${x(run[0])} ${HEIGHT}Z`;
      setAttr(area, 'd', paths.map(closed).join(''));
      setAttr(node, 'aria-label', words);
    },
  };
}
