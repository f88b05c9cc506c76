/**
 * A wire to PostgreSQL that knows statements: it counts those that a process sends, and stops one of them for ever, before
 * the server has it or when the server has done it and nobody has heard. Whoever is killed then was killed at exactly that
 * boundary, BEGIN and COMMIT among them. Nothing in the process knows of it.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { cleanup, type Owner } from './cleanup.ts';
import type { Random } from './random.ts';
import { tied } from './relay.ts';
import { deferred } from './wait.ts';

/** `before`: the server never gets it. `unheard`: the server has done it, and its answer goes nowhere. */
export type Boundary = 'before' | 'unheard';

export interface Stop {
  /** Which of the counted statements, from 1. */
  at: number;
  boundary: Boundary;
}

/** Any statement of so many, at either side of it. */
export const anyStop = (random: Random, statements: number): Stop => ({
  at: 1 + Math.floor(random.next() * statements),
  boundary: random.pick(['before', 'unheard'] as const),
});

export interface Statements {
  /** The database's URL by this wire. */
  url: string;
  /** Texts of the statements that were counted. */
  readonly seen: readonly string[];
  /** Begins to count; statements before were not. */
  arm(stop: Stop): void;
  /** The text of the statement at which it was stopped; later ones of all connections go nowhere either. */
  readonly stopped: Promise<string>;
  readonly isStopped: boolean;
}

/** @param counts which statements are counted, by their text; default: all */
export async function statementsTo(
  owner: Owner,
  url: string,
  counts: (text: string) => boolean = () => true,
): Promise<Statements> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const seen: string[] = [];
  const stopped = deferred<string>();
  let wanted: Stop | undefined;
  let isStopped = false;

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    tied(client, upstream, sockets);
    const wire = new Frontend((text) => {
      if (!wanted || isStopped || !counts(text)) return undefined;
      seen.push(text);
      return seen.length === wanted.at ? wanted.boundary : undefined;
    });
    let awaited: string | undefined;
    const answers = new Backend();
    client.on('data', (chunk: Buffer) => {
      if (isStopped) return;
      const { forward, stopped: at } = wire.take(chunk);
      upstream.write(forward);
      if (at === undefined) return;
      isStopped = true;
      if (at.boundary === 'before') stopped.resolve(at.text);
      else awaited = at.text;
    });
    upstream.on('data', (chunk: Buffer) => {
      if (!isStopped) client.write(chunk);
      answers.take(chunk);
      if (awaited !== undefined && answers.rounds >= wire.rounds) stopped.resolve(awaited);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanup(owner)(async () => {
    isStopped = true;
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    seen,
    arm: (stop) => void (wanted = stop),
    stopped: stopped.promise,
    get isStopped() {
      return isStopped;
    },
  };
}

/** Messages of the protocol, from bytes as they come: one byte of type, four of length, which counts itself. */
class Messages {
  #rest = Buffer.alloc(0);
  /** True until the first message, which has no type, is over. */
  #untyped: boolean;

  constructor(untyped: boolean) {
    this.#untyped = untyped;
  }

  *take(chunk: Buffer): Generator<{ type: string; body: Buffer; whole: Buffer }> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const head = this.#untyped ? 0 : 1;
      if (this.#rest.length < head + 4) return;
      const end = head + this.#rest.readInt32BE(head);
      if (this.#rest.length < end) return;
      const whole = this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(end);
      this.#untyped = false;
      yield { type: head === 0 ? '' : String.fromCharCode(whole[0]!), body: whole.subarray(head + 4), whole };
    }
  }
}

const text = (bytes: Buffer, from = 0): string => bytes.toString('utf8', from, bytes.indexOf(0, from));

/** What a client says: simple queries, and extended ones as Parse, Bind, Describe, Execute and Sync. */
class Frontend {
  readonly #messages = new Messages(true);
  readonly #judge: (text: string) => Boundary | undefined;
  /** Texts by the name of a prepared statement. */
  readonly #prepared = new Map<string, string>();
  #bound = '';
  /** Messages of a statement whose Execute has not come yet. */
  #held: Buffer[] = [];
  /** The statement that is the last to be answered. */
  #last: string | undefined;
  /** Rounds that the server ends with ReadyForQuery: its greeting is the first. */
  rounds = 1;

  constructor(judge: (text: string) => Boundary | undefined) {
    this.#judge = judge;
  }

  /** What may go on to the server, and whether it is stopped after that. */
  take(chunk: Buffer): { forward: Buffer; stopped?: { text: string; boundary: Boundary } } {
    const forward: Buffer[] = [];
    const ended = (boundary: Boundary, what: string) => ({
      forward: Buffer.concat(forward),
      stopped: { text: what, boundary },
    });
    for (const { type, body, whole } of this.#messages.take(chunk)) {
      if (type === 'P') {
        const name = text(body);
        this.#prepared.set(name, text(body, Buffer.byteLength(name) + 1));
      }
      if (type === 'B') this.#bound = this.#prepared.get(text(body, body.indexOf(0) + 1)) ?? '';
      if (type === 'P' || type === 'B' || type === 'D') {
        this.#held.push(whole);
        continue;
      }
      if (this.#last === undefined && (type === 'Q' || type === 'E')) {
        const what = type === 'Q' ? text(body) : this.#bound;
        const boundary = this.#judge(what);
        if (boundary === 'before') return ended(boundary, what);
        if (boundary === 'unheard') this.#last = what;
      }
      forward.push(...this.#held, whole);
      this.#held = [];
      if (type !== 'Q' && type !== 'S') continue;
      this.rounds += 1;
      // What stands behind its round is never sent.
      if (this.#last !== undefined) return ended('unheard', this.#last);
    }
    return { forward: Buffer.concat(forward) };
  }
}

/** What the server answers: how many rounds have ended. */
class Backend {
  readonly #messages = new Messages(false);
  rounds = 0;

  take(chunk: Buffer): void {
    for (const { type } of this.#messages.take(chunk)) if (type === 'Z') this.rounds += 1;
  }
}
