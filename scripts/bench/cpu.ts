/** What a process has computed so far, by the kernel's own account. */
import { readdir, readFile } from 'node:fs/promises';

/** USER_HZ, which /proc counts in: 100 a second on every architecture that Node runs on. */
const TICK = 1_000_000 / 100;

interface Account {
  parent: number;
  /** User and system time of all its threads, and of the children that ended, µs. */
  spent: number;
}

async function accountOf(pid: number | string): Promise<Account | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The name may hold spaces and parentheses; what follows its last one is the third field, the state.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { parent: Number(fields[1]), spent: ticks * TICK };
}

/**
 * CPU time of a process and its children, µs; those that ended are counted, as PostgreSQL's backends would be.
 * Undefined where there is no /proc, or no such process.
 */
export async function cpuTime(pid: number): Promise<number | undefined> {
  const own = await accountOf(pid);
  if (own === undefined) return undefined;
  const others = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const accounts = await Promise.all(others.map(accountOf));
  return accounts.reduce((sum, account) => sum + (account?.parent === pid ? account.spent : 0), own.spent);
}
