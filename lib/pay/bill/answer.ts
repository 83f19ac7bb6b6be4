import { BillError, PayProtocolError, PayResponseError } from '../errors.js';
import type { Arriving } from '../http/post.js';
import { mask } from '../mask.js';
import { readReply, type Secrets } from '../reply.js';
import { parseXml } from '../xml.js';
import type { Bill } from './bill.js';
import type { Format } from './columns.js';
import { openBill } from './streamed-bill.js';

/** There is no bill, whatever the words (docs/facts.md#bills). */
const missing = '20002';

/** Bytes. More of a page is not read. */
const longestPage = 64 * 1024;

function errorCode(body: Buffer): string | undefined {
  try {
    return parseXml(body).error_code;
  } catch {
    return undefined;
  }
}

/** What an answer means that is a message or a page. */
function refusal(name: string, secrets: Secrets, answer: Arriving, body: Buffer): BillError {
  const code = answer.status === 200 ? errorCode(body) : undefined;
  try {
    readReply(name, secrets, { ...answer, body });
  } catch (error) {
    if (!(error instanceof PayProtocolError || error instanceof PayResponseError)) throw error;
    if (code === missing)
      return new BillError('ERR_BILL_MISSING', `There is no bill: ${error.message}`, { cause: error });
    const note = code === undefined ? '' : `; error_code ${mask(code, secrets()).slice(0, 16)}`;
    return new BillError('ERR_BILL', `${error.message}${note}`, { cause: error });
  }
  return new BillError('ERR_BILL', `${name} was answered by a message that is no bill`);
}

async function gather(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const gathered: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    gathered.push(chunk);
    size += chunk.length;
    if (size >= longestPage) break;
  }
  return Buffer.concat(gathered);
}

/**
 * The bill in an answer, as soon as its header has come.
 * @throws BillError, PayTransportError
 */
export async function billIn(name: string, secrets: Secrets, answer: Arriving, format: Format): Promise<Bill> {
  if (answer.status !== 200) throw refusal(name, secrets, answer, await gather(answer.chunks));
  const digest = answer.headers.digest?.toString();
  return openBill(
    {
      bytes: answer.chunks,
      digest: format.hasDigest ? digest : undefined,
      close: () => answer.close(),
      refusal: (text) => refusal(name, secrets, answer, Buffer.from(text)),
    },
    format,
  );
}
