import { isFields } from '../../unknown.js';
import type { Bill } from '../bill/bill.js';
import { tradeBill } from '../bill/columns.js';
import { openBill } from '../bill/streamed-bill.js';
import { BillError, PayResponseError } from '../errors.js';
import type { Arriving } from '../http/post.js';
import { refusal, type VerifiedAnswer } from './answers.js';

/** Where a bill lies, as the gateway says. */
export interface BillPlace {
  /** One of the client's own hosts. */
  readonly host: string;
  readonly path: string;
  /** The SHA1 of the text. */
  readonly digest: string;
}

/** There is no bill of that day, or not yet. */
const missing: ReadonlySet<string> = new Set(['NO_STATEMENT_EXIST', 'STATEMENT_CREATING']);

function urlOf(text: unknown): URL | undefined {
  try {
    return new URL(String(text));
  } catch {
    return undefined;
  }
}

/**
 * @param hosts The client's own: only they are asked, with its signature.
 * @throws BillError
 */
export function placeOf(answer: VerifiedAnswer, hosts: readonly string[]): BillPlace {
  const { status, body } = answer;
  if (status !== 200) {
    const { err_code = '', err_code_des = '' } = refusal(answer, 'NO_STATEMENT_EXIST');
    const code = missing.has(err_code) ? 'ERR_BILL_MISSING' : 'ERR_BILL';
    throw new BillError(code, `There is no bill: ${err_code} ${err_code_des}`.trim());
  }
  const { hash_type, hash_value, download_url } = isFields(body) ? body : {};
  if (hash_type !== 'SHA1' || typeof hash_value !== 'string' || !/^[\da-f]{40}$/i.test(hash_value))
    throw new BillError('ERR_BILL', 'The gateway told no SHA1 of the bill');
  const url = urlOf(download_url);
  if (url === undefined || !hosts.includes(url.origin) || url.username !== '')
    throw new BillError('ERR_BILL', "The bill is not on one of the gateway's own hosts");
  return { host: url.origin, path: `${url.pathname}${url.search}`, digest: `SHA=${hash_value}` };
}

/**
 * The bill in an answer, as soon as its header has come.
 * @throws BillError, PayTransportError
 */
export async function billOf(answer: Arriving, digest: string): Promise<Bill> {
  const { status } = answer;
  if (status !== 200) {
    answer.close();
    const cause = new PayResponseError(`HTTP ${status}`, status === 429 ? 'limit' : undefined);
    throw new BillError('ERR_BILL', `The bill could not be fetched: HTTP ${status}`, { cause });
  }
  return openBill({ bytes: answer.chunks, digest, close: () => answer.close() }, tradeBill);
}
