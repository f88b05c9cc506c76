/** A sparkline over the last two minutes, drawn in SVG. */
import { s, setAttr } from './dom.js';

const SPAN_MS = 120_000;
const WIDTH = 240;
const HEIGHT = 40;
const TOP = 3;

/** `update(samples, now)`: samples are `{ at, value }`, oldest first; `words` describes the line to a screen reader. */
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
      const top = Math.max(1, ...samples.map(({ value }) => value));
      const points = samples.map(({ at, value }) => {
        const x = WIDTH * (1 - (now - at) / SPAN_MS);
        const y = HEIGHT - 1 - (value / top) * (HEIGHT - TOP - 1);
        return `${x.toFixed(1)} ${y.toFixed(1)}`;
      });
      const path = points.length > 0 ? `M${points.join('L')}` : '';
      const first = points[0]?.split(' ')[0];
      const last = points[points.length - 1]?.split(' ')[0];
      setAttr(line, 'd', path);
      setAttr(area, 'd', path && `${path}L${last} ${HEIGHT}L${first} ${HEIGHT}Z`);
      setAttr(node, 'aria-label', words);
    },
  };
}
