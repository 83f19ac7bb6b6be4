import { FaceService } from '../../face/service.js';
import type { Config } from '../config.js';
import { Camera } from './camera.js';
import { fail, messageOf, ok, type Patient, type Verdict } from './verdict.js';

export async function checkLibrary(
  { config }: { config: Config },
  { serviceTimeout }: Patient,
): Promise<Verdict<Camera>> {
  try {
    const camera = new Camera(await FaceService.open(config.face), serviceTimeout);
    const { path, arch, version, host } = camera.library;
    const where = host === 'in-process' ? 'in this process' : `in a host process, since this one is ${process.arch}`;
    const which = version === undefined ? 'no version' : `version ${version}`;
    return ok(`${path}, ${arch}, ${which}, runs ${where}`, camera);
  } catch (error) {
    return fail(messageOf(error), 'name the library in `library` or WXPAY_FACE_SDK');
  }
}
