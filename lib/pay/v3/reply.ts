import { isFields } from '../../unknown.js';
import { PayProtocolError, PayResponseError, PaySignatureError } from '../errors.js';
import type { Reply } from '../http/post.js';
import { mask, preview } from '../mask.js';
import { troubleInPage } from '../trouble.js';
import type { VerifiedAnswer } from './answers.js';
import { saysSigned } from './signature.js';

/* What came over the wire, as an answer that can be believed, or as the error that says why it can't. */

/**
 * A verified answer, of any status but 401: that one is never believed, since who can't read the request can't know who asks.
 * @param verify Throws if the signature that the reply has is wrong, or old.
 * @throws PaySignatureError, PayProtocolError (401), PayResponseError
 */
export function readReply(
  name: string,
  reply: Reply,
  secrets: readonly string[],
  verify: (reply: Reply) => void,
): VerifiedAnswer {
  const { status, headers, body } = reply;
  if (!saysSigned(headers)) throw unsigned(name, reply, secrets);
  verify(reply);
  if (status === 401) throw refused(name, parse(body, secrets)) ?? unreadable(name, reply, secrets);
  if (body.length === 0) return { status, body: undefined };
  const parsed = parse(body, secrets);
  if (parsed === undefined) throw unreadable(name, reply, secrets);
  return { status, body: parsed };
}

/** Without credentials: even a signed answer may echo its request. Undefined for what is not JSON. */
function parse(body: Buffer, secrets: readonly string[]): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    const value: unknown = JSON.parse(text);
    // Written again, an escape hides nothing.
    const plain = JSON.stringify(value);
    const hidden = secrets.filter((secret) => secret.length >= 8 && plain.includes(secret));
    return hidden.length === 0 ? value : JSON.parse(mask(plain, hidden));
  } catch {
    return undefined;
  }
}

const unreadable = (name: string, { status, contentType, body }: Reply, secrets: readonly string[]): PayResponseError =>
  new PayResponseError(
    `The response to ${name} can't be read: HTTP ${status}, ${contentType || 'no content type'}, ${preview(body, secrets)}`,
    troubleInPage(status, body.toString('latin1')),
  );

/** Of a 401 with a code. */
function refused(name: string, body: unknown): PayProtocolError | undefined {
  if (!isFields(body) || typeof body.code !== 'string') return undefined;
  const message = typeof body.message === 'string' ? body.message.slice(0, 128) : undefined;
  return new PayProtocolError(name, body.code.slice(0, 16), message);
}

/** What nobody has signed is never believed, and an error in it means unknown; its words are for a person only. */
function unsigned(name: string, reply: Reply, secrets: readonly string[]): Error {
  const { status, body } = reply;
  // To a request whose signature is wrong the gateway can't answer otherwise.
  if (status === 401) return refused(name, parse(body, secrets)) ?? unreadable(name, reply, secrets);
  if (status === 429 || status >= 500) return unreadable(name, reply, secrets);
  return new PaySignatureError(`The response to ${name} has no signature: HTTP ${status}, ${preview(body, secrets)}`);
}
