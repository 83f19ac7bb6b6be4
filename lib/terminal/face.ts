import type { FaceCodeResult, GetWxpayfaceCodeParams } from '../face/commands.js';
import type { FaceService } from '../face/service.js';

/** What a sale needs of the face service. */
export interface Face
  extends Pick<
    FaceService,
    | 'library'
    | 'initWxpayface'
    | 'getWxpayfaceRawdata'
    | 'updateWxpayfacePayResult'
    | 'releaseWxpayface'
    | 'endHost'
    | 'abandon'
    | 'forgetInit'
  > {
  getWxpayfaceCode(params: GetWxpayfaceCodeParams, options?: { signal?: AbortSignal }): Promise<FaceCodeResult>;
}
