/** `npm start -- --watch`: what is edited is deployed as it would be in the cloud, one task after the other. */
import { watch } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Platform } from '../../local/platform/platform.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What the tasks are made of. */
const FOLDERS = ['app', 'posture', 'contract', 'sentinel'];
const OF_THE_APP = /\.(ts|ftl|json)$/;
/** An editor that saves several files is waited for, ms. */
const QUIET = 300;

/**
 * Replaces every task whenever a file of the app has changed: the new one is healthy before the old one drains. One that
 * never becomes healthy is given up, and the tasks of before go on.
 * @returns what ends it, when no task is being replaced any more
 */
export function deployOnChange(
  platform: Pick<Platform, 'tasks' | 'replace'>,
  say: (line: string) => void,
  root: string = ROOT,
): () => Promise<void> {
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let rolling: Promise<void> | undefined;
  let isOver = false;

  async function roll(): Promise<void> {
    while (changed.size > 0 && !isOver) {
      const files = [...changed].toSorted();
      changed.clear();
      say(`${files.length > 3 ? `${files.length} files` : files.join(', ')} changed: rolling deploy`);
      const tasks = platform.tasks().filter(({ state }) => state === 'healthy' || state === 'unhealthy');
      let done = 0;
      for (const { id } of tasks) {
        if (isOver) return;
        try {
          await platform.replace(id);
          done += 1;
        } catch (error) {
          if (isOver) return;
          say(`the deploy is given up at ${id}, which goes on as it was: ${(error as Error).message}`);
          break;
        }
      }
      if (done === tasks.length) say(`${done} tasks replaced, one after the other`);
    }
  }

  function begin(): void {
    if (rolling || isOver) return;
    rolling = roll().finally(() => {
      rolling = undefined;
      if (changed.size > 0) begin();
    });
  }

  const watchers = FOLDERS.map((folder) =>
    watch(`${root}/${folder}`, { recursive: true }, (_event, file) => {
      if (file === null || !OF_THE_APP.test(file)) return;
      changed.add(`${folder}/${file}`);
      if (file.includes('migrations')) say('a new migration is applied by a new start');
      clearTimeout(timer);
      timer = setTimeout(begin, QUIET);
    }),
  );
  return async () => {
    isOver = true;
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
    await rolling;
  };
}
