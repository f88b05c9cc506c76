/**
 * What the real Pulumi engine takes for this program: a refusal, and the preview of a whole production stack from nothing.
 * Providers are the stand-ins of the tests, which touch no cloud; the program, its proof and the engine are real.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeProject } from './engine-project.ts';
import { against, median, type Row } from './report.ts';

/** Goals: a person waits for a refusal; a small runner of CI has the memory. */
const GOALS = { refusal: 2_000, memory: 300, preview: 6_000 } as const;
/** No command takes this long, ms: it hangs. */
const HANGS = 300_000;
/** Pause between two looks at the program's memory, ms. */
const LOOK = 50;

interface Measured {
  /** ms */
  took: number;
  /** Largest resident memory of the program's own process, MiB; undefined where there is no /proc. */
  memory: number | undefined;
  code: number;
  output: string;
}

/** Peak memory of the processes that run the program for the engine, of a session: the engine gives its plugins groups of their own; MiB. */
async function programMemory(session: number): Promise<number | undefined> {
  let most: number | undefined;
  for (const pid of (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    const [stat, command, status] = await Promise.all(
      ['stat', 'cmdline', 'status'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
    );
    const ours = Number(stat!.slice(stat!.lastIndexOf(')') + 2).split(' ')[3]) === session;
    if (!ours || !command!.includes('@pulumi/pulumi/cmd/run')) continue;
    const peak = Number(/VmHWM:\s+(\d+)/.exec(status!)?.[1] ?? 0) / 1024;
    most = Math.max(most ?? 0, peak);
  }
  return most;
}

async function measure(args: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Measured> {
  const began = performance.now();
  const child = spawn('pulumi', [...args, '--non-interactive', '--color', 'never'], { cwd, env, detached: true });
  const hanging = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), HANGS);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stdin.end();
  let ended: number | undefined;
  const done = new Promise<void>((resolve) =>
    child.once('close', (code) => {
      ended = code ?? 255;
      resolve();
    }),
  );
  let memory: number | undefined;
  while (ended === undefined) {
    const now = await programMemory(child.pid!);
    if (now !== undefined) memory = Math.max(memory ?? 0, now);
    await Promise.race([done, pause(LOOK)]);
  }
  clearTimeout(hanging);
  return { took: performance.now() - began, memory, code: ended, output };
}

const NAMES = {
  refusal: 'refusal of a broken law by the engine',
  memory: '… resident memory of the program',
  preview: 'preview of a whole production stack, from nothing',
} as const;

const rows = (took: Partial<Record<keyof typeof NAMES, number>>, note?: string): Row[] =>
  (['refusal', 'memory', 'preview'] as const).map((name) =>
    against(
      {
        name: NAMES[name],
        value: took[name],
        unit: name === 'memory' ? 'MiB' : 'ms',
        ...(note !== undefined && { note }),
      },
      '≤',
      GOALS[name],
    ),
  );

/** @param rounds how often each is measured; the median counts, of memory the most */
export async function benchEngine(rounds: number, say: (text: string) => void): Promise<Row[]> {
  if (spawnSync('pulumi', ['version']).status !== 0) return rows({}, 'not measured: no pulumi on the PATH');
  const base = await mkdtemp(join(tmpdir(), 'evenkeel-bench-engine-'));
  try {
    const project = makeProject(base);
    const env = { PATH: process.env['PATH'], ...project.env };
    const wanted = async (args: string[], works: boolean): Promise<Measured> => {
      const ended = await measure(args, project.directory, env);
      if ((ended.code === 0) !== works) throw new Error(`pulumi ${args[0]} ended with ${ended.code}: ${ended.output}`);
      return ended;
    };
    const set = (key: string, value: string) => wanted(['config', 'set', '--path', key, value], true);
    await wanted(['stack', 'init', 'prod'], true);
    await set('evenkeel:botToken', '123456789:AAbench-token-of-nobody-0123456789');
    await set('evenkeel:openrouterApiKey', 'sk-or-key-of-nobody');
    await set('evenkeel:posture.people.owners[0]', '5000000001');
    const previews: Measured[] = [];
    const refusals: Measured[] = [];
    for (let round = 0; round < rounds; round++) {
      say(`engine: round ${round + 1} of ${rounds}`);
      previews.push(await wanted(['preview'], true));
      await set('evenkeel:posture.worker.pool', '40');
      refusals.push(await wanted(['preview'], false));
      await set('evenkeel:posture.worker.pool', '8');
    }
    const memories = refusals.flatMap(({ memory }) => memory ?? []);
    return rows({
      refusal: median(refusals.map(({ took }) => took))!,
      preview: median(previews.map(({ took }) => took))!,
      ...(memories.length > 0 && { memory: Math.max(...memories) }),
    });
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}
