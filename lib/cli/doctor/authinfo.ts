import { InvalidParameterError } from '../../errors.js';
import type { PayClient } from '../../pay/client.js';
import { troubleOf } from '../../pay/trouble.js';
import type { Config } from '../config.js';
import { networkAdvice } from './gateway.js';
import { isNetworkFault, limited } from './key.js';
import { fail, type Good, messageOf, ok, type Patient, skip, type Verdict } from './verdict.js';

interface Facts {
  config: Config;
  client: PayClient;
  rawdata: string;
  key: Good;
  'face gateway': Good;
}

export async function checkAuthinfo({ config, client, rawdata }: Facts, { signal }: Patient): Promise<Verdict<Good>> {
  const { terminal, source } = config;
  if (terminal === undefined) return skip(`no terminal in ${source}`);
  try {
    await client.getWxpayfaceAuthinfo({ ...terminal, rawdata }, { signal });
    return ok('get_wxpayface_authinfo answered SUCCESS: this merchant may take faces', true);
  } catch (error) {
    if (troubleOf(error) === 'limit') return limited(error);
    if (isNetworkFault(error)) return fail(messageOf(error), networkAdvice);
    const todo =
      error instanceof InvalidParameterError
        ? 'correct `terminal`'
        : 'ask WeChat Pay whether face payment (刷脸支付) is opened for this merchant and terminal';
    return fail(messageOf(error), todo);
  }
}
