/** The pinned yt-dlp, installed once into the folder of packages where this machine has a Python. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const REQUIREMENTS = join(root, 'app/providers/fetching/requirements.txt');
/** ms */
const WITHIN = 180_000;

/** Its path; or why there is none, in one line. */
export async function ytDlp(): Promise<{ program: string } | { missing: string }> {
  const hash = createHash('sha256')
    .update(await readFile(REQUIREMENTS))
    .digest('hex');
  const directory = join(root, 'node_modules/.cache', `yt-dlp-${hash.slice(0, 16)}`);
  const program = join(directory, 'bin/yt-dlp');
  if (
    await access(program).then(
      () => true,
      () => false,
    )
  )
    return { program };
  try {
    await run('python3', ['-m', 'venv', directory], { timeout: WITHIN });
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--require-hashes', '-r', REQUIREMENTS];
    await run(join(directory, 'bin/python3'), pip, { timeout: WITHIN });
    return { program };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    const why = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    return { missing: `yt-dlp wants Python 3.10 with venv, and PyPI: ${why}` };
  }
}
