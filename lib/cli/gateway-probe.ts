import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Certificate } from '../pay/certificate.js';
import { GatewayAgent, secureContext } from '../pay/http/agent.js';
import { hints } from '../pay/http/hints.js';
import { ask } from '../pay/http/watch.js';
import type { Settings } from '../pay/options.js';
import type { Saying } from '../words/cli/index.js';
import { codeOf } from './errors.js';

/** What a connection to the gateway tells before anything is asked. */
export interface Knock {
  /** Milliseconds since the epoch, by the gateway's Date header, which counts whole seconds. */
  readonly date?: number;
  /** E.g. 'TLSv1.3'. */
  readonly protocol: string;
  /** Milliseconds since the epoch. */
  readonly validTo: number;
}

export class KnockError extends Error {
  readonly says: Saying;
  /** It was reached, but nobody can say that it's the gateway. */
  readonly inTls: boolean;

  /** @param said If it is known better than by the error. */
  constructor(origin: string, error: unknown, said?: Saying) {
    const code = codeOf(error);
    const message = error instanceof Error ? error.message : String(error);
    super(message);
    this.says = said ?? (({ doctor }) => doctor.unreachable(origin, message, code, hints[code] ?? ''));
    this.inTls = /^(?:CERT|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO)/.test(code);
  }
}

/**
 * Connects as the payment client does (proxy, authorities, time-outs) and asks for nothing.
 * @throws KnockError
 */
export async function knock(origin: string, { transport }: Settings, signal: AbortSignal): Promise<Knock> {
  const agent = new GatewayAgent(transport, () => secureContext(transport.ca), false);
  const asked = request(origin, { agent, signal, headers: { 'user-agent': 'wxpay-face' } }).end();
  asked.once('socket', ask);
  const patience = transport.timeout.response;
  let said: Saying | undefined;
  asked.setTimeout(patience, () => {
    said = ({ doctor }) => doctor.noAnswer(origin, patience);
    asked.destroy(new Error('no answer'));
  });
  try {
    const [response]: IncomingMessage[] = await once(asked, 'response');
    const socket = response?.socket;
    if (response === undefined || !(socket instanceof TLSSocket)) {
      said = ({ doctor }) => doctor.noTls(origin);
      throw new Error('no TLS connection');
    }
    const { valid_to } = socket.getPeerCertificate();
    const date = Date.parse(response.headers.date ?? '');
    return {
      protocol: socket.getProtocol() ?? '',
      validTo: Date.parse(valid_to),
      ...(Number.isNaN(date) ? {} : { date }),
    };
  } catch (error) {
    throw new KnockError(origin, error, said);
  } finally {
    asked.on('error', () => undefined).destroy();
  }
}

/** The merchant's certificate as TLS would show it, whether it came as PEM or as .p12. */
export function ownCertificate(certificate: Certificate): { owner: string; from: number; to: number } | undefined {
  const carrier = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const socket = new TLSSocket(carrier, { secureContext: secureContext([], certificate) });
  const own = socket.getCertificate();
  socket.destroy();
  if (own === null || !('valid_to' in own)) return undefined;
  return { owner: String(own.subject.CN), from: Date.parse(own.valid_from), to: Date.parse(own.valid_to) };
}
