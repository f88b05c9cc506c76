/** CloudWatch's rules as pure functions: samples → datapoints → states → what is told. */
export { follow, holds, quiet, write, type Held, type Rule, type States, type Suppressor } from './composite.ts';
export { breaches, evaluate, FURTHER_PERIODS, judge, type AlarmState, type Judged, type Missing } from './judge.ts';
export { datapoint, rangeAt, stepOf, wantedSamples, type Sample } from './series.ts';
export { begin, look, type Notice, type Standing, type Watching } from './watch.ts';
