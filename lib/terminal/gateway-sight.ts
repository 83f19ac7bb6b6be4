import { PayProtocolError, PayResponseError, PaySignatureError, PayTransportError } from '../pay/errors.js';
import { isLimit, troubleOf } from '../pay/trouble.js';
import { isFields } from '../unknown.js';
import type { End } from './watched.js';

/* What the end of a call of the merchant's client shows of the gateway. */

/** Undefined: nothing is known of it by this call. */
export interface Seen {
  readonly isReachable?: boolean;
  readonly isLimited?: boolean;
  readonly isCertificateRefused?: boolean;
  readonly isMerchantRefused?: boolean;
}

/** The calls whose connection shows the merchant's certificate. */
const certified: ReadonlySet<string> = new Set(['reverse', 'facepayreverse', 'refund', 'downloadFundFlow']);

/** The gateway's words on a key, an appid or an mch_id that are not right; unsigned, so that they prove nothing of a payment. */
const refusal = /签名|sign|appid|mch_?id|商户号/i;

/** Of a request that was given up here nobody knows how it would have ended. */
const ownDoing: ReadonlySet<string> = new Set(['aborted', 'withdrawn', 'internal']);

export function seenOf(name: string, end: End): Seen {
  if ('answer' in end) {
    const { answer } = end;
    const isLimited = isFields(answer) && answer.result_code === 'FAIL' && isLimit(answer);
    const good = { isReachable: true, isLimited, isMerchantRefused: false };
    return certified.has(name) ? { ...good, isCertificateRefused: false } : good;
  }
  const { error } = end;
  const trouble = troubleOf(error);
  if (error instanceof PayTransportError) {
    if (trouble === 'limit') return { isLimited: true };
    if (trouble === 'certificate') return { isReachable: true, isCertificateRefused: true };
    return ownDoing.has(error.why ?? '') ? {} : { isReachable: false };
  }
  if (trouble === 'limit') return { isReachable: true, isLimited: true };
  if (trouble === 'certificate') return { isReachable: true, isCertificateRefused: true };
  if (error instanceof PayProtocolError) {
    // API v3's words may name neither, but its code does: SIGN_ERROR.
    return {
      isReachable: true,
      ...(refusal.test(`${error.return_code} ${error.return_msg ?? ''}`) && { isMerchantRefused: true }),
    };
  }
  if (error instanceof PaySignatureError) return { isReachable: true, isMerchantRefused: true };
  // A page of whatever stands before the gateway.
  return error instanceof PayResponseError ? { isReachable: false } : {};
}
