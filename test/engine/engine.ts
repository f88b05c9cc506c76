/** The real Pulumi engine over a copy of the project, with providers, an ECS, a Telegram and a bot that are all on loopback. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startTelegram } from '../../local/world/telegram/index.ts';
import type { Undo } from '../harness/cleanup.ts';
import { startClouds, type Clouds } from './clouds.ts';
import { makeProject } from '../../scripts/bench/engine-project.ts';

const ROOT = join(import.meta.dirname, '../..');
/** No command takes this long, ms: it hangs. */
const COMMAND_TIMEOUT = 420_000;

const onPath = (command: string, ...args: string[]): string | undefined => {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
};

/** Why the engine cannot be used here; undefined where it can. */
export const whyNoEngine = (): string | undefined => {
  if (onPath('pulumi', 'version') === undefined) return 'no pulumi on the PATH (https://www.pulumi.com/docs/install)';
  if (onPath('openssl', 'version') === undefined)
    return 'no openssl on the PATH, for the certificate of the bot’s address';
  return undefined;
};

export interface Ended {
  code: number;
  stdout: string;
  /** Both streams, as a person sees them. */
  all: string;
}

export interface Engine {
  /** Runs `pulumi …` in the project; `input` is what is typed. Never throws. */
  pulumi(args: string[], options?: { input?: string; env?: Record<string, string> }): Promise<Ended>;
  /** As {@link pulumi}, and fails the test with all output when the command fails. */
  succeed(args: string[], options?: { input?: string }): Promise<Ended>;
  /** Folder of the project's copy. */
  directory: string;
  /** Environment of its commands: backend, plugins, endpoints. */
  env: Readonly<Record<string, string>>;
  /** `create Instance evenkeel-prod` of everything that the providers did since the last call. */
  done(): string[];
  clouds: Clouds;
  telegram: { token: string; apiRoot: string; call(method: string): Promise<Record<string, unknown>> };
}

/** The bot's public address, over TLS as Telegram wants it. */
async function startBot(undo: Undo, directory: string): Promise<{ domain: string; certificate: string }> {
  const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', key, '-out', certificate, '-days', '2'];
  await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, ...files]);
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"healthy"}'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo(() => {
    server.closeAllConnections();
    server.close();
  });
  return { domain: `127.0.0.1:${(server.address() as AddressInfo).port}`, certificate };
}

/** A project with an empty backend. Nothing is selected or configured yet. */
export async function startEngine(undo: Undo): Promise<Engine> {
  const base = mkdtempSync(join(tmpdir(), 'evenkeel-engine-'));
  undo(() => rmSync(base, { recursive: true, force: true }));
  const project = makeProject(base);
  const telegram = await startTelegram();
  undo(() => telegram.stop());
  const clouds = await startClouds(undo, project.state);
  const bot = await startBot(undo, base);
  const env = {
    PATH: `${join(ROOT, 'node_modules/node/bin')}:${process.env['PATH']}`,
    ...project.env,
    AWS_ENDPOINT_URL: clouds.endpoint,
    AWS_ACCESS_KEY_ID: 'nobody',
    AWS_SECRET_ACCESS_KEY: 'nothing',
    NODE_EXTRA_CA_CERTS: bot.certificate,
    STAND_IN_DOMAIN: bot.domain,
  };

  const pulumi: Engine['pulumi'] = (args, options = {}) =>
    new Promise((resolve) => {
      const child = spawn('pulumi', [...args, '--non-interactive', '--color', 'never'], {
        cwd: project.directory,
        env: { ...env, ...options.env },
        // A group of its own, so that the plugins end with a command that hangs.
        detached: true,
      });
      const hanging = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), COMMAND_TIMEOUT);
      const [stdout, all]: [string[], string[]] = [[], []];
      child.stdout.setEncoding('utf8').on('data', (text: string) => void (stdout.push(text), all.push(text)));
      child.stderr.setEncoding('utf8').on('data', (text: string) => void all.push(text));
      child.once('close', (code) => {
        clearTimeout(hanging);
        resolve({ code: code ?? 255, stdout: stdout.join(''), all: all.join('') });
      });
      child.stdin.end(options.input ?? '');
    });

  let read = 0;
  return {
    pulumi,
    succeed: async (args, options) => {
      const ended = await pulumi(args, options);
      if (ended.code !== 0) throw new Error(`pulumi ${args.join(' ')} ended with ${ended.code}:\n${ended.all}`);
      return ended;
    },
    directory: project.directory,
    env,
    done: () => {
      const lines = clouds.log();
      const fresh = lines.slice(read);
      read = lines.length;
      return fresh
        .map((line) => JSON.parse(line) as { op: string; type?: string; name: string })
        .map(({ op, type, name }) => `${op} ${type!.split(':').at(-1)} ${name}`);
    },
    clouds,
    telegram: {
      token: telegram.botToken,
      apiRoot: telegram.apiRoot,
      call: async (method) => {
        const response = await fetch(`${telegram.apiRoot}/bot${telegram.botToken}/${method}`, { method: 'POST' });
        return ((await response.json()) as { result: Record<string, unknown> }).result;
      },
    },
  };
}

/** A stack `prod` with the answers that README asks for, in its commands, and this machine's Telegram. */
export async function productionStack(undo: Undo): Promise<Engine> {
  const engine = await startEngine(undo);
  await engine.succeed(['stack', 'init', 'prod']);
  await engine.succeed(['config', 'set', '--secret', 'evenkeel:botToken'], { input: engine.telegram.token });
  await engine.succeed(['config', 'set', '--secret', 'evenkeel:openrouterApiKey'], { input: 'sk-or-key-of-the-test' });
  await engine.succeed([
    ...['config', 'set-all', '--path', '--plaintext', 'evenkeel:posture.oncall.emails[0]=me@my.domain'],
    ...['--plaintext', 'evenkeel:posture.people.owners[0]=5000000001'],
  ]);
  await engine.succeed(['config', 'set', 'evenkeel:telegramApiRoot', engine.telegram.apiRoot]);
  return engine;
}
