import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';

export interface Proxy {
  port: number;
  /** What was asked for, with the credentials. */
  seen: string[];
  close(): Promise<void>;
}

async function listen(server: net.Server, seen: string[]): Promise<Proxy> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function join(port: number, socket: net.Socket, ready: () => void): void {
  const onward = net.connect(port, '127.0.0.1', () => {
    ready();
    onward.pipe(socket);
    socket.pipe(onward);
  });
  onward.on('error', () => socket.destroy());
  socket.on('error', () => onward.destroy());
  socket.on('close', () => onward.destroy());
}

/** An HTTP proxy that answers CONNECT with 200, or with another status. */
export function startHttpProxy(status = 200): Promise<Proxy> {
  const seen: string[] = [];
  const server = http.createServer();
  server.on('connect', (request: http.IncomingMessage, socket: net.Socket) => {
    seen.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
    if (status !== 200) socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    else join(Number(request.url?.split(':')[1]), socket, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
  });
  return listen(server, seen);
}

/** A SOCKS5 proxy (RFC 1928) that demands a password (RFC 1929). */
export function startSocksProxy(): Promise<Proxy> {
  const seen: string[] = [];
  const server = net.createServer((socket) => {
    let step = 0;
    socket.on('data', function next(data: Buffer) {
      if (step === 0) socket.write(Buffer.from([5, 2]));
      else if (step === 1) {
        const userLength = data[1] ?? 0;
        seen.push(`${data.subarray(2, 2 + userLength)}:${data.subarray(3 + userLength)}`);
        socket.write(Buffer.from([1, 0]));
      } else {
        socket.off('data', next);
        seen.push(data.subarray(5, -2).toString());
        join(data.readUInt16BE(data.length - 2), socket, () =>
          socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0])),
        );
      }
      step++;
    });
  });
  return listen(server, seen);
}
