import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Holds a server to so many connections. When one more comes, the connection that has waited longest without a request
 * under way makes room: thousands of idle or slow senders cannot keep others out. With all of them at work, the new one
 * is closed.
 */
export function limitSockets(server: Server, max: number): void {
  const idle = new Set<Socket>();
  const busy = new Map<Socket, number>();
  const carrierOf = followTls(server);

  server.on('connection', (socket: Socket) => {
    if (idle.size + busy.size >= max) {
      const [oldest] = idle;
      if (!oldest) return void socket.destroy();
      idle.delete(oldest);
      oldest.destroy();
    }
    idle.add(socket);
    socket.once('close', () => {
      idle.delete(socket);
      busy.delete(socket);
    });
  });

  const begin = (request: IncomingMessage, response: ServerResponse) => {
    const socket = carrierOf(request.socket);
    idle.delete(socket);
    busy.set(socket, (busy.get(socket) ?? 0) + 1);
    response.on('close', () => {
      const left = (busy.get(socket) ?? 1) - 1;
      if (left > 0) return void busy.set(socket, left);
      busy.delete(socket);
      if (!socket.destroyed) idle.add(socket);
    });
  };
  server.on('request', begin).on('checkContinue', begin);
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
