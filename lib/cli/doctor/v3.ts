import { createPrivateKey, X509Certificate } from 'node:crypto';
import { PayClientV3 } from '../../pay/v3/client.js';
import type { PayClientV3Options } from '../../pay/v3/options.js';
import { serialOf } from '../../pay/v3/signature.js';
import type { Config } from '../config.js';
import { sayingOf } from '../errors.js';
import { askSigned } from './signed-query.js';
import { fail, type Good, type Patient, skip, type Verdict } from './verdict.js';

/** Holds serial number and private key against the merchant's certificate, if that is configured in PEM. */
function contradiction(config: Config, { serial_no, privateKey }: PayClientV3Options): Verdict<never> | undefined {
  const given = config.certificate();
  if (given === undefined || 'pfx' in given) return undefined;
  const certificate = new X509Certificate(given.cert);
  const serial = certificate.serialNumber;
  if (serialOf(serial) !== serialOf(serial_no))
    return fail(
      ({ doctor }) => doctor.v3.otherSerial(serial),
      ({ doctor }) => doctor.v3.takeSerial,
    );
  const key = createPrivateKey(typeof privateKey === 'string' ? privateKey : Buffer.from(privateKey));
  if (certificate.checkPrivateKey(key)) return undefined;
  return fail(
    ({ doctor }) => doctor.v3.otherKey,
    ({ doctor }) => doctor.v3.takeKey,
  );
}

/** A signed query: shows whether the gateway knows the private key and its serial number, and signs with a key that is configured. */
async function ask(options: PayClientV3Options, patient: Patient): Promise<Verdict<Good>> {
  const client = new PayClientV3(options);
  try {
    return await askSigned(client, patient, ({ doctor }) => doctor.v3.good(options.serial_no), {
      adviceOn:
        () =>
        ({ doctor }) =>
          doctor.v3.compare,
      verifyAdvice: ({ doctor }) => doctor.v3.verify,
    });
  } finally {
    client.close();
  }
}

export async function checkV3({ config }: { config: Config }, patient: Patient): Promise<Verdict<Good>> {
  try {
    const options = config.v3();
    if (options === undefined) return skip(({ doctor }) => doctor.v3.none);
    return contradiction(config, options) ?? (await ask(options, patient));
  } catch (error) {
    return fail(sayingOf(error), ({ doctor }) => doctor.correctField);
  }
}
