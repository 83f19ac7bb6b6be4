import { FaceService } from '../../face/service.js';
import type { Config } from '../config.js';
import { sayingOf } from '../errors.js';
import { Camera } from './camera.js';
import { fail, ok, type Patient, type Verdict } from './verdict.js';

export async function checkLibrary(
  { config }: { config: Config },
  { serviceTimeout }: Patient,
): Promise<Verdict<Camera>> {
  try {
    const camera = new Camera(await FaceService.open(config.face), serviceTimeout);
    const { path, arch, version, host } = camera.library;
    const hostFor = host === 'in-process' ? undefined : process.arch;
    return ok(({ doctor }) => doctor.library(path, arch, version, hostFor), camera);
  } catch (error) {
    return fail(sayingOf(error), ({ doctor }) => doctor.nameLibrary);
  }
}
