import { sayingOf } from '../errors.js';
import type { Camera } from './camera.js';
import { fail, type Good, ok, type Verdict } from './verdict.js';

export async function checkRawdata({ library: camera }: { library: Camera; init: Good }): Promise<Verdict<string>> {
  try {
    return ok(({ doctor }) => doctor.answered('getWxpayfaceRawdata'), await camera.rawdata());
  } catch (error) {
    return fail(sayingOf(error), ({ doctor }) => doctor.restartService);
  }
}
