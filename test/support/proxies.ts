import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { TLSSocket, type TlsOptions } from 'node:tls';

export interface Proxy {
  port: number;
  /** What was asked for, with the credentials. */
  seen: string[];
  /** Codes of the errors that the connections to it ended with. */
  ends: string[];
  close(): Promise<void>;
}

async function listen(server: net.Server, seen: string[], address = '127.0.0.1'): Promise<Proxy> {
  const sockets = new Set<net.Socket>();
  const ends: string[] = [];
  const note = (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', (error: NodeJS.ErrnoException) => ends.push(error.code ?? ''));
  };
  // Of the two sockets of a TLS connection only the upper one hears of its error.
  server.on('connection', note).on('secureConnection', note);
  server.listen(0, address);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    ends,
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

/** An HTTP proxy that answers CONNECT with 200, or with another status; over TLS where a certificate is given. */
export function startHttpProxy(status = 200, tls?: TlsOptions): Promise<Proxy> {
  const seen: string[] = [];
  const server = tls === undefined ? http.createServer() : https.createServer(tls);
  server.on('connect', (request: http.IncomingMessage, socket: net.Socket) => {
    seen.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
    if (socket instanceof TLSSocket && 'subject' in socket.getPeerCertificate()) seen.push('a certificate');
    if (status !== 200) socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    else join(Number(request.url?.split(':')[1]), socket, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
  });
  return listen(server, seen);
}

/** A SOCKS5 proxy (RFC 1928) that demands a password (RFC 1929). */
export function startSocksProxy(address?: string): Promise<Proxy> {
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
  return listen(server, seen, address);
}
