import { ServiceCallError } from '../../face/errors.js';
import type { Config } from '../config.js';
import type { Camera } from './camera.js';
import { fail, messageOf, ok, type Verdict } from './verdict.js';

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
  const says = 'WxpayFaceService is running';
  try {
    await camera.init(config.init);
    return ok(says, {});
  } catch (refusal) {
    if (refusal instanceof ServiceCallError || camera.isSilent)
      return fail(messageOf(refusal), 'start the WxpayFaceService program as administrator; if it runs, restart it');
    return ok(says, { refusal });
  }
}
