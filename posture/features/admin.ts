/** What the commands of owners and support declare. */
import { z } from 'zod';
import { switched } from './feature.ts';

export const admin = switched({
  flag: z
    .boolean()
    .prefault(true)
    .describe('/stats, /user and /flags for people.owners and people.support; for everybody else there are none such.'),
});
