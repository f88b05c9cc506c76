/**
 * Kill switches: what a person has switched off in the database, known to every process within seconds. A flag closes
 * entrances: a command, a tap, a checkout, the claim of a job, the slot of a schedule. What was begun ends, and what was
 * paid is booked. What the posture has off no flag turns on.
 */
export { flagNames, isInPosture } from './names.ts';
export { setFlag, listFlags, type FlagRow } from './store.ts';
export { startFlags, type Flags, type FlagState } from './flags.ts';
