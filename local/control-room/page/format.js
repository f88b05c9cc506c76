/** Numbers and times as people read them. */

const MIB = 2 ** 20;
const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const clockFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const secondsFormat = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const dayFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long' });

export const count = (value) => number.format(value);
export const mebibytes = (bytes) => `${count(bytes / MIB)}`;

/** A rate: one decimal below ten. */
export const rate = (value) => (value > 0 && value < 10 ? value.toFixed(1) : count(value));

/** Milliseconds in the unit that keeps them short. */
export function millis(ms) {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return seconds(ms / 1000);
}

/** Seconds in at most two units. */
export function seconds(value) {
  if (value < 10) return `${value.toFixed(1)} s`;
  const whole = Math.floor(value);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h ${Math.floor((whole % 3600) / 60)}m`;
  return `${Math.floor(whole / 86_400)}d ${Math.floor((whole % 86_400) / 3600)}h`;
}

/** Hours and minutes of a date, given in Unix seconds. */
export const clock = (unixSeconds) => clockFormat.format(unixSeconds * 1000);
/** Time of day with seconds, given in ms. */
export const timeOfDay = (ms) => secondsFormat.format(ms);

/** The day of a date given in Unix seconds, as a separator in the chat says it. */
export function day(unixSeconds, now = new Date()) {
  const date = new Date(unixSeconds * 1000);
  if (date.toDateString() === now.toDateString()) return 'Today';
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  return date.toDateString() === yesterday.toDateString() ? 'Yesterday' : dayFormat.format(date);
}

const momentFormat = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
/** Day and time of an ISO date. */
export const moment = (iso) => momentFormat.format(new Date(iso));

/** How long ago an ISO date is. */
export const ago = (iso, now = Date.now()) => `${seconds(Math.max(0, now - new Date(iso).getTime()) / 1000)} ago`;
