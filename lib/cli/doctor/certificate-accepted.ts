import type { Certificate } from '../../pay/certificate.js';
import type { PayClient } from '../../pay/client.js';
import { PayProtocolError, PayResponseError, PaySignatureError } from '../../pay/errors.js';
import { troubleOf } from '../../pay/trouble.js';
import type { Saying } from '../../words/cli/index.js';
import { sayingOf } from '../errors.js';
import type { Merchant } from './merchant.js';
import { isNetworkFault, networkAdvice, type Trusted } from './reach.js';
import { limited } from './signed-query.js';
import { fail, type Good, ok, type Patient, skip, type Verdict, warn } from './verdict.js';

/** What a gateway that took the certificate may say of a reversal that names no order. INVALID_REQUEST may mean the certificate. */
const missesOrder: ReadonlySet<string> = new Set([
  'PARAM_ERROR',
  'LACK_PARAMS',
  'INVALID_TRANSACTIONID',
  'ORDERNOTEXIST',
]);

export async function checkCertificateAccepted(
  { merchant, client }: { merchant: Merchant; client: PayClient; certificate: Certificate; tls: Trusted },
  { signal }: Patient,
): Promise<Verdict<Good>> {
  if (merchant.options.sandbox) return skip(({ doctor }) => doctor.certificate.sandbox);
  try {
    // Names no order, so that nothing can come of it.
    const answer = await client.post('/secapi/pay/reverse', {}, { certificate: true, signal });
    const { result_code, err_code = '', err_code_des = '' } = answer;
    if (result_code === 'FAIL' && !missesOrder.has(err_code))
      return warn(
        ({ doctor }) => doctor.certificate.oddAnswer([err_code, err_code_des].filter(Boolean).join(' ')),
        ({ doctor }) => doctor.certificate.compare,
        true,
      );
  } catch (error) {
    if (isNetworkFault(error)) return fail(sayingOf(error), networkAdvice);
    const trouble = troubleOf(error);
    if (trouble === 'limit') return limited(error);
    // The answers of a gateway that took the certificate; what it thinks of the signature, the next check tells.
    if (trouble === 'certificate' || !(error instanceof PayProtocolError || error instanceof PaySignatureError)) {
      const refused: Saying = ({ doctor }) => doctor.certificate.refused;
      return fail(
        error instanceof PayResponseError ? refused : sayingOf(error),
        ({ doctor }) => doctor.certificate.takeNewest,
      );
    }
  }
  return ok(({ doctor }) => doctor.certificate.taken, true);
}
