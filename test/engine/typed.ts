/** A command in a terminal, and a person who answers what it asks. */
import { spawn } from 'node:child_process';

/** What is asked, and what is typed then; in the order in which they come. */
export type Answers = readonly (readonly [question: string, answer: string])[];

/** A terminal is asked where its cursor stands, and the command waits for it. */
const WHERE = '\u001b[6n';
const HERE = '\u001b[1;1R';

export interface Typed {
  code: number;
  output: string;
  /** Questions that nobody was asked. */
  unasked: string[];
}

/**
 * Types the answers. `script` of util-linux lends the terminal.
 * @param deadline ms, after which the command is ended
 */
export function typed(command: string, answers: Answers, cwd: string, env: NodeJS.ProcessEnv, deadline: number) {
  return new Promise<Typed>((resolve) => {
    const child = spawn('script', ['-qefc', command, '/dev/null'], { cwd, env, detached: true });
    const hanging = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), deadline);
    const open = [...answers];
    let output = '';
    let read = 0;
    let whereAsked = 0;
    /** The answer stands there, and is not sent yet. */
    let standing = false;
    const type = (text: string): void => void child.stdin.write(text);
    const look = (): void => {
      for (const times = output.split(WHERE).length - 1; whereAsked < times; whereAsked++) type(HERE);
      const [next] = open;
      if (next === undefined) return;
      const fresh = output.slice(read);
      if (!standing && fresh.includes(next[0])) {
        read = output.length;
        standing = true;
        type(next[1]);
      } else if (standing && (next[1] === '' || fresh.length > 0)) {
        read = output.length;
        standing = false;
        open.shift();
        type('\r');
      }
      if (standing && next[1] === '') look();
    };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      look();
    });
    child.once('close', (code) => {
      clearTimeout(hanging);
      resolve({ code: code ?? 255, output, unasked: open.map(([question]) => question) });
    });
  });
}
