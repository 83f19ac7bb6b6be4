import { InvalidParameterError } from '../../errors.js';
import type { PayClient } from '../../pay/client.js';
import { troubleOf } from '../../pay/trouble.js';
import type { Config } from '../config.js';
import { sayingOf } from '../errors.js';
import { isNetworkFault, networkAdvice } from './reach.js';
import { limited } from './signed-query.js';
import { fail, type Good, ok, type Patient, skip, type Verdict } from './verdict.js';

interface AuthinfoNeeds {
  config: Config;
  client: PayClient;
  rawdata: string;
  key: Good;
  'face gateway': Good;
}

export async function checkAuthinfo(
  { config, client, rawdata }: AuthinfoNeeds,
  { signal }: Patient,
): Promise<Verdict<Good>> {
  const { terminal, source } = config;
  if (terminal === undefined) return skip((words) => words.doctor.noTerminal(source(words)));
  try {
    await client.getWxpayfaceAuthinfo({ ...terminal, rawdata }, { signal });
    return ok(({ doctor }) => doctor.mayTakeFaces, true);
  } catch (error) {
    if (troubleOf(error) === 'limit') return limited(error);
    if (isNetworkFault(error)) return fail(sayingOf(error), networkAdvice);
    const isWrong = error instanceof InvalidParameterError;
    return fail(sayingOf(error), ({ doctor }) => (isWrong ? doctor.correctTerminal : doctor.askForFaces));
  }
}
