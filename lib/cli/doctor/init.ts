import { sayingOf } from '../errors.js';
import type { InitAnswer } from './service.js';
import { fail, type Good, ok, type Verdict } from './verdict.js';

export const checkInit = ({ service: { refusal } }: { service: InitAnswer }): Verdict<Good> =>
  refusal === undefined
    ? ok(({ doctor }) => doctor.answered('initWxpayface'), true)
    : fail(sayingOf(refusal), ({ doctor }) => doctor.lookAtCamera);
