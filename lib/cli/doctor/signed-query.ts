import { randomBytes } from 'node:crypto';
import type { PayClient } from '../../pay/client.js';
import { PayProtocolError, PaySignatureError } from '../../pay/errors.js';
import { troubleOf } from '../../pay/trouble.js';
import type { Saying } from '../../words/cli/index.js';
import { sayingOf } from '../errors.js';
import { networkAdvice } from './reach.js';
import { fail, type Good, ok, type Patient, type Verdict, warn } from './verdict.js';

/** A limit on calls says nothing of what was to be examined. */
export const limited = (error: unknown): Verdict<Good> =>
  warn(sayingOf(error), ({ doctor }) => doctor.key.limited, true);

/** A number that no order has. */
const impossibleNumber = (): string => `DOCTOR${randomBytes(13).toString('hex')}`;

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
