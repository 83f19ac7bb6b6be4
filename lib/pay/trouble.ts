import { PayProtocolError, PayTransportError } from './errors.js';

/** What an error of a call shows that does not heal by asking again. */
export function troubleOf(error: unknown): 'certificate' | 'limit' | undefined {
  if (error instanceof PayTransportError && error.why === 'certificate') return 'certificate';
  if (!(error instanceof PayProtocolError)) return undefined;
  if (/certificate|证书/i.test(error.return_msg ?? '')) return 'certificate';
  return /频率|frequency/i.test(error.return_msg ?? '') ? 'limit' : undefined;
}
