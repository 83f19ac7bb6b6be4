export type {
  FaceAuthParams,
  FaceAuthResult,
  FaceCodeResult,
  FaceLeft,
  FaceResponse,
  FaceUserResult,
  GetWxpayAuthParams,
  GetWxpayfaceCodeParams,
  GetWxpayfaceUserInfoParams,
  InitWxpayfaceParams,
  StopWxpayfaceParams,
  UpdateWxpayfacePayResultParams,
} from './commands.js';
export {
  HostProcessError,
  LibraryLoadError,
  ServiceCallError,
  ServiceCommandError,
  ServiceResponseError,
} from './errors.js';
export type { LibraryInfo, OpenOptions } from './open.js';
export type { FaceCallEvent } from './queue.js';
export { FaceService } from './service.js';
