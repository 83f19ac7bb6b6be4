import type { FaceCodeResult, GetWxpayfaceCodeParams } from '../face/commands.js';
import type { CommandOptions } from '../face/queue.js';
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
  getWxpayfaceCode(params: GetWxpayfaceCodeParams, options?: CommandOptions): Promise<FaceCodeResult>;
}
