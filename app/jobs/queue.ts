/** A queue of jobs as its feature declares it: its name in the posture, and what its jobs are given. */
import { z } from 'zod';
import type { JobName } from '../../posture/schema/index.ts';

export interface JobQueue<Name extends JobName = JobName, Input = unknown> {
  name: Name;
  /** Of what is written and of what is read: a job may have been written by another release. */
  input: z.ZodType<Input>;
}

/**
 * ```ts
 * export const reminders = jobQueue('remind', z.strictObject({ chat: z.int(), text: z.string() }));
 * await enqueue(tx, reminders, { chat, text }, { key: `remind:${updateId}`, after: 60_000 });
 * ```
 * @param input of plain JSON: a bigint is written as text
 */
export const jobQueue = <Name extends JobName, Input>(name: Name, input: z.ZodType<Input>): JobQueue<Name, Input> => ({
  name,
  input,
});

/**
 * One line for each thing that is wrong with an input.
 * @throws {TypeError} which names the queue
 */
export function checked<Input>({ name, input }: JobQueue<JobName, Input>, value: unknown): Input {
  const parsed = input.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TypeError(`job ${name}: its input is not what the queue declares: ${z.prettifyError(parsed.error)}`);
}
