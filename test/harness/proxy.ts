/** A TCP proxy before a server, through which a network fails on demand. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { cleanup, type Owner } from './cleanup.ts';

/** `refuse`: connections are closed at once; `freeze`: bytes are accepted and go nowhere, in either direction. */
export type ProxyMode = 'pass' | 'refuse' | 'freeze';

export interface Proxy {
  readonly port: number;
  mode: ProxyMode;
  /** Cuts every connection. */
  cut(): void;
}

export async function startProxy(owner: Owner, target: { host?: string; port: number }): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let mode: ProxyMode = 'pass';
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    track(client);
    if (mode === 'refuse') return void client.destroy();
    const upstream = connect(target.port, target.host ?? '127.0.0.1');
    track(upstream);
    const forward = (from: Socket, to: Socket) => {
      from.on('data', (data) => {
        if (mode !== 'freeze') to.write(data);
      });
      from.on('close', () => to.destroy());
    };
    forward(client, upstream);
    forward(upstream, client);
    return undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  cleanup(owner)(async () => {
    // Clients that are still there come back at once: they must not keep the server from closing.
    mode = 'refuse';
    cut();
    server.close();
    await once(server, 'close');
  });
  return {
    port: (server.address() as { port: number }).port,
    get mode() {
      return mode;
    },
    set mode(next) {
      mode = next;
      if (next === 'refuse') cut();
    },
    cut,
  };
}

/** The same URL through the proxy. */
export function through(proxy: Proxy, url: string): string {
  const changed = new URL(url);
  changed.port = String(proxy.port);
  return changed.href;
}
