/** Database classes that some regions do not have. */
import type { Posture } from '../../posture/schema/index.ts';

/**
 * Families that a region lacks, of those that the posture knows (AWS's own list of orderable instance options, as
 * cfn-lint carries it, August 2026). A region that is not here has them all, as far as is known; RDS has the last word.
 */
const LACKING: Readonly<Record<string, readonly string[]>> = {
  'ca-west-1': ['t4g', 'm7g'],
  'af-south-1': ['m7g', 'r7g'],
  'me-central-1': ['r7g'],
  'ap-southeast-4': ['r7g'],
};

export function classProblems({ database }: Posture, region: string): string[] {
  const [, family = ''] = database.instance.split('.');
  if (database.server === 'own' || !LACKING[region]?.includes(family)) return [];
  return [`database.instance: ${region} has no ${database.instance}: take another class, or another aws:region`];
}
