import { randomBytes } from 'node:crypto';
import type { PayClient } from '../../pay/client.js';
import { PayProtocolError, PaySignatureError, PayTransportError } from '../../pay/errors.js';
import { troubleOf } from '../../pay/trouble.js';
import type { Saying } from '../../words/cli/index.js';
import { sayingOf } from '../errors.js';
import { networkAdvice, type Trusted } from './gateway.js';
import { fail, type Good, ok, type Patient, type Verdict, warn } from './verdict.js';

const keyAdvice: Saying = ({ doctor }) => doctor.key.compare;

/** What an unsigned refusal is about, by the vendor's words. */
function adviceOn({ return_msg = '' }: PayProtocolError): Saying {
  if (/签名/.test(return_msg)) return keyAdvice;
  if (/appid|mch_?id|商户号/i.test(return_msg)) return ({ doctor }) => doctor.key.compareIds;
  return ({ doctor }) => doctor.key.ask;
}

/** Nothing usable came back; but an alert within TLS is the gateway's own word, and the network is good. */
export function isNetworkFault(error: unknown): boolean {
  if (!(error instanceof PayTransportError)) return false;
  const { cause } = error;
  return !(cause instanceof Error && 'code' in cause && /^ERR_SSL_.*_ALERT_/.test(String(cause.code)));
}

/** A limit on calls says nothing of what was to be examined. */
export const limited = (error: unknown): Verdict<Good> =>
  warn(sayingOf(error), ({ doctor }) => doctor.key.limited, true);

/** A number that no order has. */
const impossibleNumber = (): string => `DOCTOR${randomBytes(13).toString('hex')}`;

export const checkKey = ({ client }: { client: PayClient; tls: Trusted }, patient: Patient): Promise<Verdict<Good>> =>
  askSigned(client, patient, ({ doctor }) => doctor.key.good, { adviceOn, verifyAdvice: keyAdvice });

/** A signed query of a number that no order has: shows whether the gateway and this client know each other's keys. */
export async function askSigned(
  client: Pick<PayClient, 'orderquery'>,
  { signal }: Patient,
  good: Saying,
  advice: { readonly adviceOn: (error: PayProtocolError) => Saying; readonly verifyAdvice: Saying },
): Promise<Verdict<Good>> {
  try {
    const answer = await client.orderquery({ out_trade_no: impossibleNumber() }, { signal });
    if (answer.result_code === 'FAIL' && answer.err_code === 'ORDERNOTEXIST') return ok(good, true);
    const said = answer.result_code === 'FAIL' ? answer.err_code : answer.trade_state;
    return warn(
      ({ doctor }) => doctor.key.oddAnswer(said),
      ({ doctor }) => doctor.key.tryAgain,
      true,
    );
  } catch (error) {
    if (troubleOf(error) === 'limit') return limited(error);
    if (error instanceof PayProtocolError) return fail(sayingOf(error), advice.adviceOn(error));
    if (error instanceof PaySignatureError) return fail(sayingOf(error), advice.verifyAdvice);
    return fail(sayingOf(error), networkAdvice);
  }
}
