import { GiB, hasMedia } from '../limits.ts';
import type { Posture } from '../schema/index.ts';
import { atMost, clause, law, size, type Clause } from './law.ts';

/** Copies of a file that lie beside each other at worst: picture and sound as they came, and what they are put together to. */
const COPIES = 2;
/** What Fargate keeps on the same disk: the image, as it came and unpacked. */
const IMAGE = 2 * GiB;
/** The rest is for what a file system needs, and for the alarm to speak first. */
const SHARE = 0.85;

/** What downloads declare of themselves: absent where the feature was taken out of the project. */
interface Downloads {
  /** Largest file, bytes. */
  maxSize: number;
}

const downloadsOf = (posture: Posture): Downloads | undefined => (posture as { downloads?: Downloads }).downloads;

function clauses(posture: Posture): Clause[] {
  const downloads = downloadsOf(posture);
  if (!hasMedia(posture) || !downloads) return [clause(true, 'no files are kept on a disk', 'nothing', 'nothing')];
  const { maxSize } = downloads;
  const { download } = posture.work as Partial<Record<string, { concurrency: number }>>;
  const atOnce = download?.concurrency ?? 0;
  return [
    atMost(
      { [`${atOnce} downloads × ${COPIES} × ${size(maxSize)}`]: atOnce * COPIES * maxSize, image: IMAGE },
      { '85 % of media.disk': posture.media.disk * SHARE },
      size,
    ),
  ];
}

/** Every file that a full media task has under way fits its disk, at its largest, while it is put together. */
export const diskFits = law({
  name: 'disk.fits',
  prevents: ['disk'],
  says: 'The largest downloads that a task has under way at once, and what they are put together from, fit 85 % of its disk.',
  clauses,
});
