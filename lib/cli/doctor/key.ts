import type { PayClient } from '../../pay/client.js';
import type { PayProtocolError } from '../../pay/errors.js';
import type { Saying } from '../../words/cli/index.js';
import type { Trusted } from './reach.js';
import { askSigned } from './signed-query.js';
import type { Good, Patient, Verdict } from './verdict.js';

const keyAdvice: Saying = ({ doctor }) => doctor.key.compare;

/** What an unsigned refusal is about, by the vendor's words. */
function adviceOn({ return_msg = '' }: PayProtocolError): Saying {
  if (/签名/.test(return_msg)) return keyAdvice;
  if (/appid|mch_?id|商户号/i.test(return_msg)) return ({ doctor }) => doctor.key.compareIds;
  return ({ doctor }) => doctor.key.ask;
}

export const checkKey = ({ client }: { client: PayClient; tls: Trusted }, patient: Patient): Promise<Verdict<Good>> =>
  askSigned(client, patient, ({ doctor }) => doctor.key.good, { adviceOn, verifyAdvice: keyAdvice });
