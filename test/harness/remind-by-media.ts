/**
 * Reminders as jobs of the media tasks, and no others, in whatever process imports this (`node --import`): what the role
 * does, whichever feature brings it.
 */
import { QUEUES, type DeclaredQueue } from '../../posture/features/index.ts';

for (const queue of Object.values<DeclaredQueue>(QUEUES)) delete queue.role;
(QUEUES.remind as DeclaredQueue).role = 'media';
