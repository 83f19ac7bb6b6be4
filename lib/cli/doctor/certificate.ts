import type { Certificate } from '../../pay/certificate.js';
import { checkOptions } from '../../pay/options.js';
import type { Config } from '../config.js';
import { ownCertificate } from '../gateway-probe.js';
import type { Merchant } from './merchant.js';
import { dateOf, fail, messageOf, ok, type Patient, type Verdict, warn } from './verdict.js';

/** Renewing a merchant's certificate takes days. Milliseconds. */
const renewBefore = 21 * 24 * 60 * 60 * 1000;

const renew = 'renew it on the merchant site (API安全), and name the new one in `certificate`';

function checkDates(certificate: Certificate, mch_id: string, now: number): Verdict<Certificate> {
  const own = ownCertificate(certificate);
  if (own === undefined) return fail('it can’t be read', 'download it anew from the merchant site');
  if (own.to < now) return fail(`it expired on ${dateOf(own.to)}`, renew);
  if (own.from > now) return fail(`it is not valid before ${dateOf(own.from)}`, 'set this machine’s clock');
  if (/^\d+$/.test(own.owner) && own.owner !== mch_id)
    return fail(`it is that of merchant ${own.owner}, not of ${mch_id}`, 'take the one of this `mch_id`');
  const good = `of ${own.owner}, until ${dateOf(own.to)}`;
  return own.to - now < renewBefore ? warn(`it expires soon: ${good}`, renew, certificate) : ok(good, certificate);
}

export function checkCertificate(
  { config, merchant: { options } }: { config: Config; merchant: Merchant },
  { now }: Patient,
): Verdict<Certificate> {
  try {
    const given = config.certificate();
    const certificate = given && checkOptions({ ...options, certificate: given }).transport.certificate;
    if (certificate === undefined)
      return fail(
        'none: payments could not be reversed, nor refunded',
        'download it from the merchant site (API安全), and name it in `certificate`',
      );
    return checkDates(certificate, options.mch_id, now());
  } catch (error) {
    return fail(messageOf(error), 'correct this field, or download the certificate anew from the merchant site');
  }
}
