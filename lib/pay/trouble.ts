import { BillError, PayProtocolError, PayResponseError, PayTransportError } from './errors.js';

/** What keeps calls from being answered until somebody does something: a person renews a certificate, or fewer are made. */
export type PayTrouble = 'certificate' | 'limit';

interface Failure {
  readonly err_code?: string | undefined;
  readonly err_code_des?: string | undefined;
}

/** The gateway's words (docs/facts.md#certificates, docs/facts.md#quotas). */
const words: ReadonlyArray<readonly [PayTrouble, RegExp]> = [
  ['certificate', /certificate|证书/i],
  ['limit', /频率|频繁|限频|限流|frequen|rate.?limit|too many requests/i],
];

/** Of a return_msg. */
export const troubleInWords = (text: string): PayTrouble | undefined =>
  words.find(([, pattern]) => pattern.test(text))?.[0];

/** Of an answer that is a page of HTTP, e.g. "No required SSL certificate was sent". */
export function troubleInPage(status: number, page: string): PayTrouble | undefined {
  if (status === 429) return 'limit';
  return status >= 400 && /SSL certificate/i.test(page) ? 'certificate' : undefined;
}

const limitCodes: ReadonlySet<string> = new Set(['FREQUENCY_LIMITED', 'INVALID_REQ_TOO_MUCH']);

/** Whether a verified no is about too many calls: by its code, or by its words, as with INVALID_REQUEST (docs/facts.md#quotas). */
export const isLimit = ({ err_code = '', err_code_des = '' }: Failure): boolean =>
  limitCodes.has(err_code) || troubleInWords(err_code_des) === 'limit';

/** What a call's error says of the merchant's certificate, or of too many calls; undefined for all other errors. */
export function troubleOf(error: unknown): PayTrouble | undefined {
  if (error instanceof PayProtocolError) return troubleInWords(error.return_msg ?? '');
  if (error instanceof PayResponseError) return error.trouble;
  if (error instanceof BillError) return troubleOf(error.cause);
  if (error instanceof PayTransportError && (error.why === 'certificate' || error.why === 'limit')) return error.why;
  return undefined;
}
