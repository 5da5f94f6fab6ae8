import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface ConnectProxy {
  readonly port: number;
  /** What it was asked for. */
  readonly heads: { readonly url: string; readonly authorization: string | undefined }[];
  close(): void;
}

/** A CONNECT proxy that sends every tunnel to one port, or answers with a status. */
export async function startConnectProxy(target: number, status = 200): Promise<ConnectProxy> {
  const heads: { url: string; authorization: string | undefined }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    sockets.add(socket);
    heads.push({ url: request.url!, authorization: request.headers['proxy-authorization'] });
    socket.on('error', () => undefined);
    if (status !== 200) return void socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    const through = connect(target, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(through).pipe(socket);
    });
    through.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    heads,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
