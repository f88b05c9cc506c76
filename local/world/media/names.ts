/**
 * A server of names for the simulated websites. It knows `media.test`; `inside.media.test`, which leads to where a cloud
 * keeps credentials; and `rebind.media.test`, which is one thing when it is looked at and another when it is used.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** Where a task on ECS asks for its credentials. */
export const CREDENTIALS = '169.254.170.2';

const HEADER = 12;
const A_RECORD = 1;
/** Response, recursion available; what was asked is added. */
const ANSWERED = 0x8180;
const NO_SUCH_NAME = 3;

export interface Names {
  /** `address:port` */
  address: string;
  stop(): Promise<void>;
}

function question(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = HEADER;
  while (at < message.length && message[at] !== 0) {
    const length = message[at]!;
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

/** @param host what `media.test` is */
export async function startNames(host: string, of: string): Promise<Names> {
  let asked = 0;
  const addressOf = (name: string): string | undefined => {
    if (name === `inside.${of}`) return CREDENTIALS;
    if (name === `rebind.${of}`) return asked++ % 2 === 0 ? host : CREDENTIALS;
    return name === of || name.endsWith(`.${of}`) ? host : undefined;
  };
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    if (message.length < HEADER + 5) return;
    const { name, type, end } = question(message);
    const address = addressOf(name);
    const hasAnswer = address !== undefined && type === A_RECORD;
    const head = Buffer.alloc(HEADER);
    message.copy(head, 0, 0, 2);
    head.writeUInt16BE(ANSWERED | (address === undefined ? NO_SUCH_NAME : 0), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(hasAnswer ? 1 : 0, 6);
    const record = Buffer.alloc(16);
    // The name is the question's; nobody may keep the answer.
    record.writeUInt16BE(0xc000 | HEADER, 0);
    record.writeUInt16BE(A_RECORD, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt16BE(4, 10);
    if (hasAnswer) record.set(address.split('.').map(Number), 12);
    socket.send(
      Buffer.concat([head, message.subarray(HEADER, end), ...(hasAnswer ? [record] : [])]),
      from.port,
      from.address,
    );
  });
  socket.bind(0, host);
  await once(socket, 'listening');
  const { address, port } = socket.address();
  return {
    address: `${address}:${port}`,
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
