/** The front door: one address before the web tasks, connections spread in turn, as a load balancer does. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tied } from '../../harness/relay.ts';

export interface Door {
  readonly url: string;
  close(): Promise<void>;
}

/** `ports`: of the tasks that are ready now. A connection whose task dies is cut off, as Telegram would see it. */
export async function openDoor(ports: () => number[]): Promise<Door> {
  const sockets = new Set<Socket>();
  let turn = 0;

  const server = createServer((outside) => {
    const ready = ports();
    const port = ready[turn++ % Math.max(1, ready.length)];
    if (port === undefined) return void outside.destroy();
    const inside = connect(port, '127.0.0.1');
    tied(outside, inside, sockets);
    outside.pipe(inside);
    inside.pipe(outside);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
