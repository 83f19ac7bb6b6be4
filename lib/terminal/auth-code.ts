import { ServiceResponseError } from '../face/errors.js';
import { isOlder } from '../face/sdk-version.js';
import type { Face } from './face.js';

/**
 * The 18 digits that micropay takes. SDKs before 1.16 ignore face_code_type, and return letters and digits
 * (docs/facts.md#the-two-rails).
 * @throws ServiceResponseError that names the SDK
 */
export function authCode(face_code: string, face: Face): { auth_code: string; from: 'face' } {
  if (/^[0-9]{18}$/.test(face_code)) return { auth_code: face_code, from: 'face' };
  const { version, path } = face.library;
  const sdk =
    version === undefined
      ? `the version of ${path} is unknown`
      : `${path} is ${isOlder(version, '1.16') ? 'an SDK older than 1.16, ' : ''}version ${version}`;
  throw new ServiceResponseError(
    'getWxpayfaceCode',
    `has a face_code that is not 18 digits, although face_code_type was "1". SDKs older than 1.16 ignore that; ${sdk}. ` +
      "Nothing was charged. Update the SDK, or pay with rail: 'facepay'",
  );
}
