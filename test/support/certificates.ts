import { generateKeyPairSync } from 'node:crypto';
import { isIP } from 'node:net';
import forge from 'node-forge';

const day = 24 * 60 * 60 * 1000;

export interface Issued {
  cert: string;
  key: string;
  certificate: forge.pki.Certificate;
  privateKey: forge.pki.rsa.PrivateKey;
}

let serial = 0;

/** A certificate with a key of its own, signed by the issuer, or by itself. */
export function issue(
  name: string,
  options: { issuer?: Issued; authority?: boolean; from?: number; days?: number; names?: string[] } = {},
): Issued {
  const { issuer, authority = false, from = Date.now() - day, days = 30, names = [] } = options;
  const { privateKey: key } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const privateKey = forge.pki.privateKeyFromPem(key);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(privateKey.n, privateKey.e);
  certificate.serialNumber = (++serial).toString(16).padStart(4, '0');
  certificate.validity.notBefore = new Date(from);
  certificate.validity.notAfter = new Date(from + days * day);
  const subject = [{ name: 'commonName', value: name }];
  certificate.setSubject(subject);
  certificate.setIssuer(issuer?.certificate.subject.attributes ?? subject);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: authority },
    ...(names.length > 0
      ? [
          {
            name: 'subjectAltName',
            altNames: names.map((value) => (isIP(value) === 0 ? { type: 2, value } : { type: 7, ip: value })),
          },
        ]
      : []),
  ]);
  certificate.sign(issuer?.privateKey ?? privateKey, forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(certificate), key, certificate, privateKey };
}

export const mch_id = '1900000109';
export const authority = issue('Test CA', { authority: true });
export const gatewayCertificate = issue('localhost', {
  issuer: authority,
  names: ['localhost', '127.0.0.1', '::1'],
});
export const merchantCertificate = issue(mch_id, { issuer: authority });

/** A .p12 as the merchant site gives it. */
export function toPfx({ privateKey, certificate }: Issued, passphrase: string): Buffer {
  const asn1 = forge.pkcs12.toPkcs12Asn1(privateKey, [certificate], passphrase, { algorithm: 'aes256' });
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
}
