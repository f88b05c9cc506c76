/** Two ends of a connection that a test stands between. */
import type { Socket } from 'node:net';

/** Cut off together; `sockets` has those that are open. What comes in at one goes nowhere by itself. */
export function tied(one: Socket, other: Socket, sockets: Set<Socket>): void {
  for (const [socket, end] of [
    [one, other],
    [other, one],
  ] as const) {
    sockets.add(socket);
    socket.setNoDelay(true);
    // A reset tells its story by the close that follows it.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      end.destroy();
    });
  }
}
