import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';

/* An authority of a test's own, and what it has signed. */

const day = 24 * 60 * 60 * 1_000;

export interface Issued {
  readonly cert: string;
  readonly key: string;
}

interface Issuer extends Issued {
  readonly certificate: forge.pki.Certificate;
  readonly privateKey: forge.pki.rsa.PrivateKey;
}

let serial = 0;

/** @param issuer Default: itself. */
export function issue(name: string, issuer?: Issuer): Issuer {
  const { privateKey: key } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const privateKey = forge.pki.privateKeyFromPem(key);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(privateKey.n, privateKey.e);
  serial += 1;
  certificate.serialNumber = serial.toString(16).padStart(4, '0');
  certificate.validity.notBefore = new Date(Date.now() - day);
  certificate.validity.notAfter = new Date(Date.now() + 30 * day);
  const subject = [{ name: 'commonName', value: name }];
  certificate.setSubject(subject);
  certificate.setIssuer(issuer?.certificate.subject.attributes ?? subject);
  certificate.setExtensions(
    issuer === undefined
      ? [{ name: 'basicConstraints', cA: true }]
      : [
          {
            name: 'subjectAltName',
            altNames: [/^[\d.]+$/.test(name) ? { type: 7, ip: name } : { type: 2, value: name }],
          },
        ],
  );
  certificate.sign(issuer?.privateKey ?? privateKey, forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(certificate), key, certificate, privateKey };
}
