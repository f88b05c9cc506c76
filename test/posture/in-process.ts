/** All roles inside the test process, on a posture of one's choice, and one update through them. */
import type { AddressInfo } from 'node:net';
import { readConfig } from '../../app/config.ts';
import { startMedia } from '../../app/roles/media.ts';
import { startWeb } from '../../app/roles/web.ts';
import { startWorker } from '../../app/roles/worker.ts';
import { hasMedia } from '../../posture/limits.ts';
import type { Posture } from '../../posture/schema/index.ts';
import { CALLBACK_SECRETS } from '../harness/callbacks.ts';
import { captureLog } from '../harness/logs.ts';
import { waitFor } from '../harness/wait.ts';
import { deliver, message } from '../harness/webhook.ts';
import type { World } from '../harness/world.ts';

const WITHIN = 120_000;
const CHAT = 7;

const url = (address: AddressInfo | string | null): string => `http://127.0.0.1:${(address as AddressInfo).port}`;

/**
 * @param others further updates, of whatever outcome; they are stored first
 * @throws with the last lines of the log when the update is not handled
 */
export async function handlesAnUpdate(
  world: World,
  posture: Posture,
  updateId: number,
  others: readonly object[] = [],
): Promise<void> {
  const logs = captureLog();
  const [webConfig, workerConfig] = [
    readConfig('web', { ...world.env('web'), ...CALLBACK_SECRETS }),
    readConfig('worker', { ...world.env('worker'), ...CALLBACK_SECRETS, NOWPAYMENTS_API_KEY: 'KEY-OF-THE-TESTS' }),
  ];
  const web = await startWeb({ ...webConfig, posture }, logs.log);
  const worker = await startWorker({ ...workerConfig, posture }, logs.log);
  const media = hasMedia(posture)
    ? await startMedia({ ...readConfig('media', world.env('media')), posture }, logs.log)
    : undefined;
  const ready = async (at: string) => (await fetch(`${at}/ready`)).ok;
  try {
    await waitFor(() => ready(url(web.address)), { what: 'a web task that is ready', within: WITHIN });
    await waitFor(() => ready(url(worker.address)), { what: 'a worker that is ready', within: WITHIN });
    if (media) await waitFor(() => ready(url(media.address)), { what: 'a media task that is ready', within: WITHIN });
    // Makes the chat known; without a webhook it is not delivered.
    world.telegram.say(CHAT, 'hello');
    const body = message(updateId, CHAT, 'hello');
    for (const one of [...others, body])
      await waitFor(async () => (await deliver(url(web.address), one)).status === 200, {
        what: 'a 200',
        within: WITHIN,
      });
    await fetch(`${url(web.address)}/health`);
    await waitFor(
      async () => {
        const [row] = await world.database.sql<{ state: string }>(
          'SELECT state FROM evenkeel.inbox WHERE update_id = $1',
          [updateId],
        );
        const [{ left }] = (await world.database.sql<{ left: number }>(
          "SELECT count(*)::int AS left FROM evenkeel.inbox WHERE state = 'pending'",
        )) as [{ left: number }];
        if (row?.state === 'parked') throw new Error('the update was parked');
        return row?.state === 'done' && left === 0;
      },
      { what: 'the update handled', within: WITHIN },
    );
  } catch (error) {
    const said = logs.lines.slice(-15).map((line) => JSON.stringify(line));
    throw new Error(`${(error as Error).message}\n${said.join('\n')}`, { cause: error });
  } finally {
    await Promise.all([web.drain(), worker.drain(), media?.drain()]);
  }
}
