import { createSecureContext, type TLSSocket } from 'node:tls';
import { InvalidParameterError } from '../errors.js';
import { isAbsent } from '../fields.js';

/** The merchant's, in the form in which Node.js takes it. */
export type Certificate =
  | { pfx: Buffer; passphrase?: string }
  | { cert: string | Buffer; key: string | Buffer; passphrase?: string };

const ofDownloads = 'that of a .p12 from the merchant site is the mch_id';
const wrongPassphrase = `has another passphrase; ${ofDownloads}`;
const noPassphrase = `has a passphrase, but none is given; ${ofDownloads}`;
const encryptedKey = 'has an encrypted private key, but no passphrase is given';

/** What OpenSSL says of a certificate that can't be used, and what it means; versions differ in their words. */
const diagnoses: ReadonlyArray<readonly [said: RegExp, meaning: string]> = [
  [/mac verify failure|bad decrypt|bad password read|interrupted or cancelled/i, wrongPassphrase],
  [
    /unsupported PKCS12|^unsupported$|unknown cipher|RC2/i,
    'is a PFX with the old RC2 encryption, which Node.js 17 and later refuse; convert it to PEM with' +
      ' "openssl pkcs12 -legacy -in apiclient_cert.p12 -out apiclient.pem -nodes", or use apiclient_cert.pem and apiclient_key.pem of the same download',
  ],
  [/key values mismatch/i, "and its key don't belong together"],
  [
    /no start line|DECODER routines::unsupported/i,
    'is not PEM: a certificate and a private key, each from -----BEGIN to its END',
  ],
];

/**
 * Whether Node.js can use the certificate at all. Its dates are not looked at: a till's clock may be wrong.
 * @throws InvalidParameterError which says what is wrong with it, and quotes nothing of it.
 */
export function checkCertificate(certificate: Certificate): void {
  try {
    createSecureContext(certificate);
  } catch (error) {
    const said = error instanceof Error ? error.message : '';
    const meaning = diagnoses.find(([pattern]) => pattern.test(said))?.[1];
    throw new InvalidParameterError(
      'certificate',
      missingPassphrase(certificate, meaning) ??
        meaning ??
        `can't be read: ${'pfx' in certificate ? 'it is no PKCS#12 file (.p12, .pfx)' : said}`,
    );
  }
}

/** OpenSSL takes a missing passphrase for a wrong one. */
function missingPassphrase(certificate: Certificate, meaning: string | undefined): string | undefined {
  if (!isAbsent(certificate.passphrase)) return undefined;
  if ('pfx' in certificate) return meaning === wrongPassphrase ? noPassphrase : undefined;
  // BEGIN ENCRYPTED PRIVATE KEY (PKCS#8), or Proc-Type: 4,ENCRYPTED (the older form).
  return /\bENCRYPTED\b/.test(String(certificate.key)) ? encryptedKey : undefined;
}

/** A likely reason why a gateway that saw our certificate closed the connection without an answer. */
export function certificateNote(socket: TLSSocket, mch_id: string): string {
  const own = socket.getCertificate();
  if (own === null || !('valid_to' in own)) return '';
  const now = Date.now();
  if (Date.parse(own.valid_to) < now) return `the merchant's certificate expired on ${own.valid_to}`;
  if (Date.parse(own.valid_from) > now) return `the merchant's certificate is not valid before ${own.valid_from}`;
  const owner = String(own.subject.CN);
  if (/^\d+$/.test(owner) && owner !== mch_id) return `the certificate is that of merchant ${owner}, not of ${mch_id}`;
  return '';
}
