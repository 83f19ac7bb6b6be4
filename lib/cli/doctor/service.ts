import { ServiceCallError } from '../../face/errors.js';
import type { Saying } from '../../words/cli/index.js';
import type { Config } from '../config.js';
import { sayingOf } from '../errors.js';
import type { Camera } from './camera.js';
import { fail, ok, type Verdict } from './verdict.js';

/** How initWxpayface was answered. */
export interface InitAnswer {
  readonly refusal?: unknown;
}

/** Whether anybody answers, whatever the answer. */
export async function checkService({
  config,
  library: camera,
}: {
  config: Config;
  library: Camera;
}): Promise<Verdict<InitAnswer>> {
  const says: Saying = ({ doctor }) => doctor.serviceRuns;
  try {
    await camera.init(config.init);
    return ok(says, {});
  } catch (refusal) {
    if (refusal instanceof ServiceCallError || camera.isSilent)
      return fail(sayingOf(refusal), ({ doctor }) => doctor.startService);
    return ok(says, { refusal });
  }
}
