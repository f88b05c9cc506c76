/** What has a flag: each feature by its name, each queue of jobs and each schedule by its path in the posture. */
import type { JobName, Posture } from '../../posture/schema/index.ts';

export const ofJobs = (queue: JobName): string => `work.${queue}`;
export const ofSchedule = (name: keyof Posture['schedules']): string => `schedules.${name}`;

export const flagNames = ({ features, work, schedules }: Posture): string[] => [
  ...Object.keys(features),
  ...Object.keys(work).map((queue) => ofJobs(queue as JobName)),
  ...Object.keys(schedules).map((name) => ofSchedule(name as keyof Posture['schedules'])),
];

/** Whether the posture has it at all; jobs and schedules it always has. */
export const isInPosture = ({ features }: Posture, name: string): boolean =>
  !Object.hasOwn(features, name) || features[name as keyof Posture['features']];
