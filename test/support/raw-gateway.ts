import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import type { PayClientOptions } from '../../lib/pay/options.js';
import { parseXml } from '../../lib/pay/xml.js';
import { authority, gatewayCertificate, mch_id } from './certificates.js';
import { appid, base, type Fields, key, signed } from './gateway.js';

export interface RawConnection {
  /** From 1. */
  number: number;
  /** @param sent Called when the system has the bytes. */
  write(text: string, sent?: () => void): void;
  /** When it's closed, from either side. */
  ended: Promise<unknown>;
}

export interface RawGateway {
  options: PayClientOptions;
  origin: string;
  /** How many bytes each connection brought after its handshake, by number from 1. */
  bytes: number[];
  /** Set per test. */
  greet: (connection: RawConnection) => void;
  /** A whole request came. */
  handle: (fields: Fields, connection: RawConnection) => void;
  close(): Promise<void>;
}

/** An HTTP answer with a signed message, as bytes. */
export function httpAnswer(fields: Fields): string {
  const body = signed({ ...base, ...fields });
  return `HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** A TLS server that says what it's told to, when it's told to: HTTP or not. */
export async function startRawGateway(options: tls.TlsOptions = {}): Promise<RawGateway> {
  const sockets = new Set<tls.TLSSocket>();
  const { cert, key: privateKey } = gatewayCertificate;
  const server = tls.createServer({ cert, key: privateKey, ...options }, (socket) => {
    sockets.add(socket);
    const number = gateway.bytes.push(0);
    const connection: RawConnection = {
      number,
      write: (text, sent) => {
        if (!socket.destroyed) socket.write(text, sent);
      },
      ended: new Promise((resolve) => socket.once('close', resolve)),
    };
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      gateway.bytes[number - 1] = (gateway.bytes[number - 1] ?? 0) + chunk.length;
      text += chunk;
      const [head = '', body = ''] = text.split('\r\n\r\n');
      if (Buffer.byteLength(body) < Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN)) return;
      if (!text.includes('\r\n\r\n')) return;
      text = '';
      gateway.handle(parseXml(body), connection);
    });
    gateway.greet(connection);
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `https://localhost:${(server.address() as AddressInfo).port}`;
  const gateway: RawGateway = {
    options: { appid, mch_id, key, ca: authority.cert, endpoints: { pay: origin, face: origin } },
    origin,
    bytes: [],
    greet: () => {},
    handle: () => {},
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return gateway;
}
