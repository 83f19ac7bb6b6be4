import { checkOptions, type PayClientOptions, type Settings } from '../../pay/options.js';
import type { Saying } from '../../words/cli/index.js';
import type { Config } from '../config.js';
import { sayingOf } from '../errors.js';
import { fail, ok, skip, type Verdict, warn } from './verdict.js';

/** Who pays, without the certificate. */
export interface Merchant {
  readonly options: PayClientOptions;
  readonly settings: Settings;
}

const settled = (options: PayClientOptions): Merchant => ({ options, settings: checkOptions(options) });

function withAuthorities(config: Config, options: PayClientOptions): Merchant {
  const ca = config.ca();
  return ca === undefined ? settled(options) : settled({ ...options, ca });
}

export function checkMerchant({ config }: { config: Config }): Verdict<Merchant> {
  const todo: Saying = ({ doctor }) => doctor.correctField;
  let merchant: Merchant | undefined;
  try {
    const options = config.credentials();
    if (options === undefined) return skip((words) => words.doctor.noMerchant(config.source(words)));
    merchant = settled(options);
    merchant = withAuthorities(config, options);
  } catch (error) {
    // Without the further authorities: the gateway may be known to all.
    return { ...fail(sayingOf(error), todo), ...(merchant && { fact: merchant }) };
  }
  const { appid, mch_id, key } = merchant.options;
  const who: Saying = ({ doctor }) => doctor.merchant(appid, mch_id);
  // The merchant site takes 32 letters and digits only.
  return /^[0-9A-Za-z]{32}$/.test(key)
    ? ok(who, merchant)
    : warn(
        (words) => words.doctor.oddKey(who(words)),
        ({ doctor }) => doctor.keyForm,
        merchant,
      );
}
