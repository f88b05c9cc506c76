/**
 * Reminders as jobs of the media tasks, in whatever process imports this (`node --import`): what the role does, whichever
 * feature brings it.
 */
import { QUEUES, type DeclaredQueue } from '../../posture/features/index.ts';

(QUEUES.remind as DeclaredQueue).role = 'media';
