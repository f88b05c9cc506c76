/** What is wrong with a request, in one line for the person. */
import type { z } from 'zod';

/** A request that can't be done: one line for the person, and the status. */
export class Refused extends Error {
  readonly statusCode: number;
  constructor(statusCode: number, message: string) {
    super(message);
    this.name = 'Refused';
    this.statusCode = statusCode;
  }
}

/** The body as the schema has it. @throws {Refused} 400 that names the field and what it should be */
export function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const where = issue.path.map(String).join('.') || 'body';
  throw new Refused(400, `${where}: ${issue.message}`);
}
