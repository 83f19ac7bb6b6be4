import type { Camera } from './camera.js';
import { fail, type Good, messageOf, ok, type Verdict } from './verdict.js';

export async function checkRawdata({ library: camera }: { library: Camera; init: Good }): Promise<Verdict<string>> {
  try {
    return ok('getWxpayfaceRawdata answered SUCCESS', await camera.rawdata());
  } catch (error) {
    return fail(messageOf(error), 'restart WxpayFaceService');
  }
}
