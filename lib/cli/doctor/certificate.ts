import type { Certificate } from '../../pay/certificate.js';
import { checkOptions } from '../../pay/options.js';
import type { Saying } from '../../words/cli/index.js';
import type { Config } from '../config.js';
import { sayingOf } from '../errors.js';
import { ownCertificate } from '../gateway-probe.js';
import { localDay } from '../time.js';
import type { Merchant } from './merchant.js';
import { fail, ok, type Patient, type Verdict, warn } from './verdict.js';

/** Renewing a merchant's certificate takes days. Milliseconds. */
const renewBefore = 21 * 24 * 60 * 60 * 1000;

const renew: Saying = ({ doctor }) => doctor.certificate.renew;

function checkDates(certificate: Certificate, mch_id: string, now: number): Verdict<Certificate> {
  const own = ownCertificate(certificate);
  if (own === undefined)
    return fail(
      ({ doctor }) => doctor.certificate.unreadable,
      ({ doctor }) => doctor.certificate.downloadAnew,
    );
  if (own.to < now) return fail(({ doctor }) => doctor.certificate.expired(localDay(own.to)), renew);
  if (own.from > now)
    return fail(
      ({ doctor }) => doctor.certificate.notYet(localDay(own.from)),
      ({ doctor }) => doctor.certificate.setClock,
    );
  if (/^\d+$/.test(own.owner) && own.owner !== mch_id)
    return fail(
      ({ doctor }) => doctor.certificate.ofOther(own.owner, mch_id),
      ({ doctor }) => doctor.certificate.takeOwn,
    );
  const good: Saying = ({ doctor }) => doctor.certificate.good(own.owner, localDay(own.to));
  if (own.to - now >= renewBefore) return ok(good, certificate);
  return warn((words) => words.doctor.certificate.soon(good(words)), renew, certificate);
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
        ({ doctor }) => doctor.certificate.none,
        ({ doctor }) => doctor.certificate.download,
      );
    return checkDates(certificate, options.mch_id, now());
  } catch (error) {
    return fail(sayingOf(error), ({ doctor }) => doctor.certificate.correct);
  }
}
