import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Holds a server to so many connections. When one more comes, the connection that has waited longest without a request
 * under way makes room: thousands of idle or slow senders cannot keep others out. With all of them at work, the new one
 * is closed.
 */
export function limitSockets(server: Server, max: number): void {
  const held = new Map<Socket, Held>();
  const carrierOf = followTls(server);
  let turn = 0;

  server.on('connection', (socket: Socket) => {
    if (held.size >= max) {
      const oldest = longestIdle(held);
      if (!oldest) return void socket.destroy();
      held.delete(oldest);
      oldest.destroy();
    }
    held.set(socket, { requests: 0, idleSince: ++turn });
    socket.once('close', () => held.delete(socket));
  });

  const begin = (request: IncomingMessage, response: ServerResponse) => {
    const connection = held.get(carrierOf(request.socket));
    if (!connection) return;
    connection.requests++;
    response.on('close', () => {
      connection.requests--;
      connection.idleSince = ++turn;
    });
  };
  server.on('request', begin).on('checkContinue', begin);
}

interface Held {
  /** Under way. */
  requests: number;
  /** In the order of what happens here. */
  idleSince: number;
}

/** Looked for only when there is no room: connections come and go less often than requests. */
function longestIdle(held: ReadonlyMap<Socket, Held>): Socket | undefined {
  let found: { readonly socket: Socket; readonly since: number } | undefined;
  for (const [socket, { requests, idleSince }] of held)
    if (requests === 0 && (!found || idleSince < found.since)) found = { socket, since: idleSince };
  return found?.socket;
}

/** Requests over TLS come on a socket of their own; what is counted is the connection below it. */
function followTls(server: Server): (socket: Socket) => Socket {
  const connections = new Map<string, Socket>();
  const carriers = new WeakMap<Socket, Socket>();
  const nameOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
  server.on('secureConnection', (secure: Socket) => {
    const carrier = connections.get(nameOf(secure));
    if (carrier) carriers.set(secure, carrier);
  });
  if (!('setSecureContext' in server)) return (socket) => socket;
  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket);
    connections.set(name, socket);
    socket.once('close', () => connections.delete(name));
  });
  return (socket) => carriers.get(socket) ?? socket;
}
