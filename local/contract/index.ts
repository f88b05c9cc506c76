/**
 * The seams of the laptop: what stands in for the cloud (platform), for the outside (world), and what the control room
 * shows of both. The control room and the tests know these interfaces, not their implementations.
 */
export type * from './access.ts';
export type * from './chat.ts';
export type * from './media.ts';
export type * from './objects.ts';
export type * from './novita.ts';
export type * from './payers.ts';
export type * from './platform.ts';
export type * from './provider.ts';
export type * from './simulated.ts';
export type * from './telegram.ts';
