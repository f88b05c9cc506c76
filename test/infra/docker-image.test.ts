/** The image, built by its Dockerfile and run as it is declared, where there is a Docker daemon to do it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CA_BUNDLE } from '../../infra/aws/database.ts';
import { freePort } from '../../local/platform/ports.ts';
import { cleanup, type Owner } from '../harness/cleanup.ts';
import { freshDatabase, type TestDatabase } from '../harness/database.ts';
import { waitFor } from '../harness/wait.ts';
import { startWorld, WEBHOOK_SECRET, type World } from '../harness/world.ts';
import { collect, container, type Run as Laptop } from './docker/collect.ts';
import { buildImage, docker, whyNoDocker } from './docker/daemon.ts';
import { flagsOf, runContainer, type RunningContainer } from './docker/run.ts';
import { run as declareCloud, type Run as Cloud } from './harness.ts';
import { PROD, stackPosture } from './stacks.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Bytes, as Docker counts them. */
const LARGEST = 250e6;
const CLEAN = { code: 0, signal: null };

type Role = 'migrate' | 'web' | 'worker';

type Served = Exclude<Role, 'migrate'>;

/** The command by which ECS asks a task whether it is well. */
function askedByAws({ resources }: Cloud, role: Served): string[] {
  const task = resources.find(({ type, name }) => type.endsWith(':TaskDefinition') && name.endsWith(`-${role}`))!;
  const [definition] = JSON.parse(String(task.inputs['containerDefinitions'])) as [
    { healthCheck: { command: string[] } },
  ];
  return definition.healthCheck.command;
}

const skip = (await whyNoDocker()) ?? false;

describe('the image', { skip }, () => {
  const undo = cleanup({ after });
  let image: string;
  let world: World;
  let laptop: Laptop;

  const inputsOf = (role: Role) => container(laptop, role === 'migrate' ? role : `${role}-1`).inputs;

  before(async () => {
    const building = buildImage(undo);
    building.catch(() => undefined);
    laptop = await collect(stackPosture('local'));
    world = await startWorld({ after: undo }, { posture: stackPosture('local') });
    image = await building;
  });

  /** What a command prints inside, line by line. */
  async function inside(program: string, args: string[], flags = flagsOf(inputsOf('migrate'))): Promise<string[]> {
    const printed = await docker(['run', '--rm', ...flags, '--entrypoint', program, image, ...args]);
    return printed.split('\n').filter((line) => line !== '');
  }

  test('is at most 250 MB, runs Node as nobody in particular, and has no secret in its environment', async () => {
    const [{ Size, Config }] = JSON.parse(await docker(['image', 'inspect', image])) as [
      { Size: number; Config: Record<'User' | 'Entrypoint' | 'Volumes' | 'Cmd', unknown> & { Env: string[] } },
    ];
    assert.ok(Size <= LARGEST, `${(Size / 1e6).toFixed(0)} MB`);
    assert.equal(Config.User, '1000:1000');
    assert.deepEqual(Config.Entrypoint, ['node', 'app/main.ts']);
    assert.deepEqual(Config.Volumes, { '/tmp': {} });
    assert.ok(!Config.Cmd, 'no role unless one is named');
    assert.deepEqual(Config.Env.map((line) => line.split('=')[0]).sort(), ['NODE_ENV', 'PATH']);
  });

  test('holds the app, the posture, and nothing else of ours', async () => {
    const files = (folder: string) =>
      readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => `/srv/${join(entry.parentPath, entry.name).slice(ROOT.length + 1)}`);
    const found = await inside('find', '/srv -path /srv/node_modules -prune -o -type f -print'.split(' '));
    assert.deepEqual(
      found.sort(),
      [...['app', 'contract', 'posture', 'sentinel'].flatMap(files), '/srv/package.json'].sort(),
    );
  });

  test('holds the packages that the app needs, and none beside', async () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean; os?: string[] }>;
    };
    const needed = Object.entries(packages)
      .filter(([path, { dev, os }]) => path !== '' && !dev && !os)
      .map(([path]) => `/srv/${path}`);
    const packageFolder = String.raw`.*/node_modules/\(@[^/]+/\)?[^@./][^/]*`;
    const found = await inside('find', ['/srv/node_modules', '-type', 'd', '-regex', packageFolder]);
    assert.deepEqual(found.sort(), needed.sort());
  });

  test('has no npm, nothing that its user could change, and nothing to become somebody else by', async () => {
    const script = `command -v npm corepack; find /srv /usr /etc -writable -not -type l; find / -xdev -perm /6000 -type f`;
    // With a root file system that could be written to: it is the files themselves that refuse.
    assert.deepEqual(await inside('sh', ['-c', `(${script}) 2>/dev/null; true`], []), []);
  });

  test('holds certificate authorities where the database logins look for them', async () => {
    const read = `console.log(new crypto.X509Certificate(fs.readFileSync('${CA_BUNDLE}')).ca)`;
    assert.deepEqual(await inside('node', ['-e', read]), ['true']);
  });

  test('writes to /tmp, a volume as on Fargate or memory as in Docker, and nowhere else', async () => {
    const script = 'for path in /tmp /srv /etc /var/tmp; do touch $path/x 2>/dev/null && echo $path; done; true';
    assert.deepEqual(await inside('sh', ['-c', script], ['--read-only', '--cap-drop', 'ALL']), ['/tmp']);
    assert.deepEqual(await inside('sh', ['-c', script]), ['/tmp']);
  });

  test('asked for no role, says which there are and exits 2', async (t) => {
    const { exited, output } = await runContainer(t, { guard: world.guard, image, flags: [], env: {}, command: [] });
    assert.deepEqual(await exited, { code: 2, signal: null });
    assert.equal(output.length, 1);
    assert.match(output[0]!, /^usage: .*web\|worker\|migrate/);
  });

  describe('run with the limits and the rights that infra/docker declares', () => {
    const undoTasks = cleanup({ after });
    let database: TestDatabase;
    let migration: RunningContainer;
    let web: RunningContainer;
    let worker: RunningContainer;

    function start(owner: Owner, role: Role): Promise<RunningContainer> {
      const inputs = inputsOf(role);
      const ofNode = (inputs['envs'] as string[])
        .filter((line) => line.startsWith('NODE_'))
        .map((line) => line.split(/=(.*)/s) as [string, string]);
      const env = { ...world.env(role, database), ...Object.fromEntries(ofNode) };
      return runContainer(owner, { guard: world.guard, image, flags: flagsOf(inputs), env, command: [role] });
    }

    before(async () => {
      // Without a schema: the image itself makes it.
      database = await freshDatabase(world.postgres, undoTasks, 'template1');
      migration = await start({ after: undoTasks }, 'migrate');
      await migration.exited;
      [web, worker] = await Promise.all([start({ after: undoTasks }, 'web'), start({ after: undoTasks }, 'worker')]);
      await Promise.all([web.ready(), worker.ready()]);
    });

    test('migrate makes the schema of an empty database and exits 0', async () => {
      assert.deepEqual(await migration.exited, CLEAN, migration.output.join('\n'));
      assert.equal(
        (await database.sql(`SELECT to_regclass('evenkeel.inbox')::text AS name`))[0]!['name'],
        'evenkeel.inbox',
      );
    });

    test('web takes a message and worker answers it', async () => {
      await world.callTelegram('setWebhook', {
        url: `${await web.url()}/telegram/webhook`,
        secret_token: WEBHOOK_SECRET,
      });
      world.telegram.say(7, 'hello there', { firstName: 'Ada' });
      const answer = await waitFor(() => world.telegram.messages(7).find(({ from }) => from === 'bot'), {
        what: 'an answer in the chat',
      });
      assert.match(answer.text, /hello there/);
    });

    test('an init is process 1 and Node its only child, as nobody in particular', async () => {
      for (const [role, { name }] of Object.entries({ web, worker })) {
        const pid = (await docker(['exec', name, 'cat', '/proc/1/task/1/children'])).trim();
        assert.match(pid, /^[1-9]\d*$/);
        const status = await docker(['exec', name, 'cat', `/proc/${pid}/cmdline`, `/proc/${pid}/status`]);
        assert.ok(status.startsWith(`node\0app/main.ts\0${role}\0`), status);
        assert.match(status, /^Uid:\s+1000\s+1000\s+1000\s+1000$/m);
        assert.match(status, /^CapEff:\s+0+$/m);
        assert.match(status, /^NoNewPrivs:\s+1$/m);
      }
    });

    test('the health checks of AWS and of Docker say yes to a task that is well, and no to none', async () => {
      const nobody = await freePort();
      const cloud = await declareCloud({ posture: PROD });
      for (const [role, task] of [
        ['web', web],
        ['worker', worker],
      ] as const) {
        const { port } = new URL(await task.url());
        const { tests } = inputsOf(role)['healthcheck'] as { tests: string[] };
        for (const [kind, ...command] of [tests, askedByAws(cloud, role)]) {
          assert.equal(kind, 'CMD', 'no shell');
          assert.ok(command.at(-1)!.includes("'http://127.0.0.1:8080/"), 'the port of the contract');
          const ask = (at: string) => task.exec(command.map((word) => word.replace(':8080/', `:${at}/`)));
          assert.deepEqual([await ask(port), await ask(String(nobody))], [0, 1], `${role}: ${command.join(' ')}`);
        }
      }
    });

    test('SIGTERM drains both, and they exit 0', async () => {
      for (const task of [web, worker]) {
        await docker(['kill', '--signal', 'TERM', task.name]);
        assert.deepEqual(await task.exited, CLEAN);
        await task.logged(/^drained$/);
      }
    });
  });
});
