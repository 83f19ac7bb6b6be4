import { randomBytes } from 'node:crypto';
import type { PayClient } from '../../pay/client.js';
import { PayProtocolError, PaySignatureError, PayTransportError } from '../../pay/errors.js';
import { troubleOf } from '../../pay/trouble.js';
import { networkAdvice, type Trusted } from './gateway.js';
import { fail, type Good, messageOf, ok, type Patient, type Verdict, warn } from './verdict.js';

const keyAdvice =
  'compare `key` (the API v2 key) and `mch_id` with the merchant site (账户中心, API安全); a new key works only after the old one was replaced everywhere';

/** What an unsigned refusal is about, by the vendor's words. */
function adviceOn({ return_msg = '' }: PayProtocolError): string {
  if (/签名/.test(return_msg)) return keyAdvice;
  if (/appid|mch_?id|商户号/i.test(return_msg))
    return 'compare `appid` and `mch_id` with the merchant site; they must be bound to each other';
  return 'ask WeChat Pay what this answer means';
}

/** Nothing usable came back; but an alert within TLS is the gateway's own word, and the network is good. */
export function isNetworkFault(error: unknown): boolean {
  if (!(error instanceof PayTransportError)) return false;
  const { cause } = error;
  return !(cause instanceof Error && 'code' in cause && /^ERR_SSL_.*_ALERT_/.test(String(cause.code)));
}

/** A limit on calls says nothing of what was to be examined. */
export const limited = (error: unknown): Verdict<Good> =>
  warn(messageOf(error), 'the gateway limits this merchant’s calls: try again in a few minutes', true);

/** A number that no order has. */
const impossibleNumber = (): string => `DOCTOR${randomBytes(13).toString('hex')}`;

export async function checkKey(
  { client }: { client: PayClient; tls: Trusted },
  { signal }: Patient,
): Promise<Verdict<Good>> {
  try {
    const answer = await client.orderquery({ out_trade_no: impossibleNumber() }, { signal });
    if (answer.result_code === 'FAIL' && answer.err_code === 'ORDERNOTEXIST')
      return ok('a signed call was answered with a good signature', true);
    const said = answer.result_code === 'FAIL' ? answer.err_code : answer.trade_state;
    return warn(
      `the signatures are good, but a query for an order that can’t exist was answered ${said}`,
      'try again later; if it stays, ask WeChat Pay',
      true,
    );
  } catch (error) {
    if (troubleOf(error) === 'limit') return limited(error);
    if (error instanceof PayProtocolError) return fail(messageOf(error), adviceOn(error));
    if (error instanceof PaySignatureError) return fail(messageOf(error), keyAdvice);
    return fail(messageOf(error), networkAdvice);
  }
}
