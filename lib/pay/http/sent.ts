import type { TransportFailure } from '../errors.js';

/** What is known of a request to one host when it ends without an answer. */
export interface Trace {
  /** It was handed to a connection that was ready, and `mayLeave` had said yes. */
  readonly released: boolean;
  /** Nothing was sent over this connection before it. */
  readonly first: boolean;
  /** E.g. 'TLSv1.3'; null if there was no TLS connection. */
  readonly protocol: string | null;
  /** The head of an answer came. */
  readonly answered: boolean;
  /** Of the error that ended it, or ''. */
  readonly code: string;
}

/** How a server refuses the client's certificate, and what it says by it. */
export const certificateAlerts: Readonly<Record<string, string>> = {
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "the gateway doesn't know who issued the merchant's certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: "the gateway says that the merchant's certificate has expired",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: "the gateway says that the merchant's certificate was revoked",
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: "the gateway doesn't accept the merchant's certificate",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "the gateway doesn't accept the merchant's certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: "the gateway doesn't accept the merchant's certificate",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "the gateway demands a client's certificate",
};

export const refusesCertificate = (code: string): boolean => Object.hasOwn(certificateAlerts, code);

/**
 * Whether the gateway may have got the request. The one place that says so: another host may be asked, and a payment is told
 * as failed, only if it says no.
 *
 * With TLS 1.3 a server refuses the client's certificate after the client's handshake has ended: still nothing was heard,
 * because it reads no request before, and can't ask for a certificate later. With TLS 1.2 it can, by a second handshake.
 */
export function mayHaveLeft({ released, first, protocol, answered, code }: Trace): boolean {
  if (!released) return false;
  const refusedInHandshake = first && protocol === 'TLSv1.3' && !answered && refusesCertificate(code);
  return !refusedInHandshake;
}

/** Failures that say nothing of the host, or must not be answered by asking another. */
const final: readonly TransportFailure[] = ['aborted', 'withdrawn', 'limit', 'internal'];

/** Whether the backup host may be asked: only if the first can't have heard anything, else a customer pays twice. */
export const mayAskAnother = (sent: boolean, why: TransportFailure | undefined): boolean =>
  !sent && why !== undefined && !final.includes(why);
