/** The alarms at home: fed by real processes behind a real front door, with a minute that is shorter. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isMeasured } from '../../../local/oncall/measure.ts';
import { startOncall, type OncallNotice } from '../../../local/oncall/watch.ts';
import { startPlatform } from '../../../local/platform/platform.ts';
import { alarms } from '../../../posture/alarms/index.ts';
import { resolve } from '../../../posture/resolve.ts';
import { quickPosture, temporaryDirectory, until } from '../platform/support.ts';

const APP = fileURLToPath(new URL('../platform/fixtures/app.ts', import.meta.url));
/** Real ms for a minute of the alarms. */
const MINUTE = 600;

test('a fault that lasts is rising, rings once with its reason and runbook, and is told to be over', async (t) => {
  const posture = quickPosture();
  const platform = await startPlatform({
    posture,
    dataDirectory: join(await temporaryDirectory(t), 'data'),
    keep: false,
    durable: false,
    env: { TELEGRAM_API_ROOT: 'http://127.0.0.1:1' },
    roles: { web: 1, worker: 1 },
    app: APP,
    say: () => undefined,
  });
  t.after(() => platform.end());
  const told: OncallNotice[] = [];
  const oncall = startOncall({
    platform,
    posture,
    operatorToken: platform.operatorToken,
    telegram: undefined,
    minute: MINUTE,
    say: (notice) => told.push(notice),
  });
  t.after(() => oncall.stop());

  let breaking = true;
  const load = (async () => {
    while (breaking) {
      const body = JSON.stringify({ breaks: true });
      const headers = { 'x-telegram-bot-api-secret-token': platform.webhookSecret };
      await fetch(platform.webhookUrl, { method: 'POST', headers, body }).then((answer) => answer.arrayBuffer());
    }
  })();
  const isOpen = () => oncall.view().open.some(({ id }) => id === 'web-target-5xx');
  await until('the first minute of it', () => oncall.view().rising.some(({ id }) => id === 'web-target-5xx'));
  await until('the page', isOpen);
  breaking = false;
  await load;
  await until('its end', () => !isOpen());

  const of5xx = told.filter(({ id }) => id === 'web-target-5xx');
  assert.deepEqual(
    of5xx.map(({ severity, isOver }) => ({ severity, isOver })),
    [
      { severity: 'page', isOver: false },
      { severity: 'page', isOver: true },
    ],
  );
  assert.match(of5xx[0]!.reason, /^Threshold Crossed: [3-5] out of the last 5 datapoints \[.*\].* were greater than/);
  assert.equal(of5xx[0]!.runbook, 'docs/runbooks/web-target-5xx.md');
  assert.deepEqual(oncall.view().notices, told.toReversed(), 'the latest first');
  const { watched, elsewhere } = oncall.view();
  assert.equal(watched, alarms(posture).length);
  assert.ok(elsewhere > 0 && elsewhere < watched / 2, `${elsewhere} of ${watched}`);
});

test('what a real bot’s Telegram would have to tell cannot ring here, nor what AWS alone measures', () => {
  const list = alarms(resolve({}));
  const silent = (telegram: { apiRoot: string; botToken: string } | undefined) =>
    list.filter((alarm) => !isMeasured(alarm, { telegram })).map(({ id }) => id);
  const cloud = silent({ apiRoot: '', botToken: '' });
  assert.ok(cloud.includes('database-cpu') && cloud.includes('task-crash'), cloud.join(' '));
  assert.deepEqual(
    silent(undefined).filter((id) => !cloud.includes(id)),
    [
      'webhook-pending',
      'webhook-mismatch',
      'webhook-settings',
      'webhook-failing',
      'telegram-token-refused',
      'telegram-unreachable',
    ],
  );
});
