/** A labelled bar: how much of a limit is used. */
import { h, setAttr, setText } from './dom.js';

/** From this share of its limit on a bar warns, and from the second it alarms. */
const WARN = 0.75;
const BAD = 0.92;

const toneOf = (share) => (share >= BAD ? 'bad' : share >= WARN ? 'warn' : '');
const percent = (share) => `${Math.max(0, Math.min(1, share)) * 100}%`;

/**
 * `update({ used, held, max, text })`: `used` of `max` filled, `held` (used and idle together) in a lighter tone behind.
 * `update(undefined)` is shown as unknown.
 */
export function meter(label) {
  const held = h('i', { class: 'meter-held' });
  const used = h('i', { class: 'meter-used' });
  const bar = h('div', { class: 'meter-bar', role: 'meter', 'aria-label': label, 'aria-valuemin': '0' }, held, used);
  const value = h('span', { class: 'meter-value' }, '–');
  const node = h('div', { class: 'meter' }, h('span', { class: 'meter-label' }, label), bar, value);
  return {
    node,
    update(state) {
      const max = state?.max || 1;
      const share = (state?.used ?? 0) / max;
      used.style.width = percent(share);
      held.style.width = percent((state?.held ?? 0) / max);
      setAttr(bar, 'aria-valuemax', max);
      setAttr(bar, 'aria-valuenow', state?.used ?? 0);
      setAttr(bar, 'aria-valuetext', state?.text ?? 'unknown');
      setAttr(node, 'data-level', state?.level ?? toneOf(share));
      setText(value, state?.text ?? '–');
    },
  };
}
