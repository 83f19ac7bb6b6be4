import type { InitAnswer } from './service.js';
import { fail, type Good, messageOf, ok, type Verdict } from './verdict.js';

export const checkInit = ({ service: { refusal } }: { service: InitAnswer }): Verdict<Good> =>
  refusal === undefined
    ? ok('initWxpayface answered SUCCESS', true)
    : fail(
        messageOf(refusal),
        'look at the camera’s cable, `init`, and whether another payment program has the camera; then restart WxpayFaceService',
      );
