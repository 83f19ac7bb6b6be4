import { isAbsent } from '../fields.js';
import { PayProtocolError, PayResponseError } from './errors.js';
import type { Reply } from './http/post.js';
import { mask, preview } from './mask.js';
import { credentialFields } from './request.js';
import type { Fields } from './results.js';
import { troubleInPage, troubleInWords } from './trouble.js';
import { parseXml } from './xml.js';

// The vendor's own words, whatever of them a secret may be (docs/facts.md#secrets-and-personal-data).
const returnCodes = ['FAIL', 'ERROR', 'PARAM_ERROR', 'SYSTEMERROR'];

/** What no message may show. */
export type Secrets = () => readonly string[];

function readXml(name: string, secrets: Secrets, { status, contentType, body, certificateNote }: Reply): Fields {
  const seen = () => `HTTP ${status}, ${contentType || 'no content type'}, ${preview(body, secrets())}`;
  if (status !== 200) {
    // Some servers in front of a gateway refuse a certificate with a page of HTTP instead of TLS's alert.
    const trouble = troubleInPage(status, body.toString('latin1'));
    const note = trouble === 'certificate' ? certificateNote : '';
    const said = `The response to ${name} is none of the gateway's: ${seen()}`;
    throw new PayResponseError(note === '' ? said : `${said}; ${note}`, trouble);
  }
  try {
    return parseXml(body);
  } catch (error) {
    if (!(error instanceof PayResponseError)) throw error;
    throw new PayResponseError(`The response to ${name} can't be read: ${error.message}; ${seen()}`);
  }
}

/**
 * Reads what came back; nothing of it is verified but that the gateway took the request.
 * @throws PayResponseError, PayProtocolError
 */
export function readReply(name: string, secrets: Secrets, reply: Reply): Fields {
  const received = readXml(name, secrets, reply);
  if (received.return_code === 'SUCCESS') return received;
  // Some refusals name their fields otherwise (docs/facts.md#signatures).
  const return_code = received.return_code || received.retcode;
  const return_msg = received.return_msg ?? received.retmsg;
  if (isAbsent(return_code) || return_code === undefined)
    throw new PayResponseError(`The response to ${name} has no return_code`);
  // Nobody has signed these: they are cut to what the vendor's tables give them.
  throw new PayProtocolError(
    name,
    returnCodes.includes(return_code) ? return_code : mask(return_code, secrets()).slice(0, 16),
    return_msg && mask(return_msg, secrets()).slice(0, 128),
    troubleInWords(return_msg ?? '') === 'certificate' ? reply.certificateNote : '',
  );
}

/**
 * Even a signed answer may echo its request, and goes on into journals and logs. Left alone is what the caller sent as
 * something else as well, e.g. as the order's number; and what is too short to be a credential, and may be part of any word.
 */
export function withoutCredentials(received: Fields, sent: Fields, credentials: readonly string[]): Fields {
  const hidden = credentials.filter((credential) => credential.length >= 8);
  let clean: Record<string, string> | undefined;
  for (const name of Object.keys(received)) {
    const value = received[name] ?? '';
    if (!hidden.some((credential) => value.includes(credential))) continue;
    const isCredential = credentialFields.includes(name);
    // An answer's own authinfo is what was asked for, whatever it is made of.
    if (isCredential ? name === 'authinfo' && sent.authinfo === undefined : value === sent[name]) continue;
    clean ??= { ...received };
    clean[name] = mask(value, hidden);
  }
  return clean ?? received;
}
