import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import forge from 'node-forge';

/** PEM texts. */
export interface KeyAndCertificate {
  key: string;
  cert: string;
}

export interface Certificates {
  ca: string;
  server: KeyAndCertificate;
  client: KeyAndCertificate;
  /** What API v3 needs. Made when it's asked for first. */
  v3(): CertificatesV3;
}

/** Whose signatures API v3 knows. PEM texts. */
export interface CertificatesV3 {
  /** The merchant's, whose key also signs its requests. */
  readonly merchant: KeyAndCertificate & { readonly serial_no: string };
  /** The gateway's platform certificate. */
  readonly platform: KeyAndCertificate & { readonly serial_no: string };
  /** The gateway's public key, with its id. */
  readonly publicKey: { readonly id: string; readonly key: string; readonly publicKey: string };
}

const day = 24 * 60 * 60 * 1000;

interface Issued extends KeyAndCertificate {
  certificate: forge.pki.Certificate;
  privateKey: forge.pki.rsa.PrivateKey;
}

// Node's own key generator: the library's, in JavaScript, takes seconds.
const newKeys = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

function issue(commonName: string, extensions: object[], issuer?: Issued): Issued {
  const { privateKey: key } = newKeys();
  const privateKey = forge.pki.privateKeyFromPem(key);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(privateKey.n, privateKey.e);
  // A positive number: the first byte must not have its highest bit set.
  certificate.serialNumber = `01${forge.util.bytesToHex(forge.random.getBytesSync(15))}`;
  certificate.validity.notBefore = new Date(Date.now() - day);
  certificate.validity.notAfter = new Date(Date.now() + 30 * day);
  const subject = [{ name: 'commonName', value: commonName }];
  certificate.setSubject(subject);
  certificate.setIssuer(issuer ? issuer.certificate.subject.attributes : subject);
  certificate.setExtensions(extensions);
  certificate.sign(issuer?.privateKey ?? privateKey, forge.md.sha256.create());
  return { key, cert: forge.pki.certificateToPem(certificate), certificate, privateKey };
}

let made: Certificates | undefined;

/**
 * A private authority, the gateway's certificate for loopback, and a merchant's client certificate. Made once in a process:
 * the keys take most of a second.
 */
export function certificatesFor(mch_id: string): Certificates {
  made ??= makeCertificates(mch_id);
  return made;
}

function makeCertificates(mch_id: string): Certificates {
  const authority = issue('wxpay-face simulator CA', [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
  ]);
  const server = issue(
    'localhost',
    [
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
    authority,
  );
  const client = issue(mch_id, [{ name: 'extKeyUsage', clientAuth: true }], authority);
  return {
    ca: authority.cert,
    server: { key: server.key, cert: server.cert },
    client: { key: client.key, cert: client.cert },
    v3: () => (v3 ??= makeV3(client, authority)),
  };
}

let v3: CertificatesV3 | undefined;

const withSerial = ({ key, cert }: Issued) => ({ key, cert, serial_no: new X509Certificate(cert).serialNumber });

function makeV3(merchant: Issued, authority: Issued): CertificatesV3 {
  const { publicKey, privateKey } = newKeys();
  return {
    merchant: withSerial(merchant),
    platform: withSerial(issue('wxpay-face simulator platform', [], authority)),
    publicKey: { id: `PUB_KEY_ID_${'0'.repeat(20)}1`, key: privateKey, publicKey },
  };
}
