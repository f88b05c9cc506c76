/** Who may do more than others: named by their Telegram ids in the posture. */
import type { Posture } from '../../posture/schema/index.ts';

export type Role = 'support' | 'owner';

/** The higher one of who has both. */
export function roleOf(
  { owners, support }: Pick<Posture['people'], 'owners' | 'support'>,
  userId: number,
): Role | undefined {
  if (owners.includes(userId)) return 'owner';
  return support.includes(userId) ? 'support' : undefined;
}

/** An owner may do whatever support may. */
export const mayAs = (role: Role | undefined, least: Role): boolean =>
  role === 'owner' || (role !== undefined && role === least);

/** How the audit names who did something. */
export const inAudit = (role: Role, userId: number): string => `${role}:${userId}`;
