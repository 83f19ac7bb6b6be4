import type { InitWxpayfaceParams } from '../../face/commands.js';
import type { FaceService } from '../../face/service.js';
import { ToldError } from '../errors.js';

/** The vendor's service behind its library: asked with patience, and given back. */
export class Camera {
  readonly library: FaceService['library'];
  /** The service may be blocked for ever: nothing can wait for it. */
  isSilent = false;
  readonly #face: FaceService;
  readonly #timeout: number;
  #isInitialised = false;

  /** @param timeout Milliseconds. The library has none of its own (docs/facts.md#the-library). */
  constructor(face: FaceService, timeout: number) {
    this.library = face.library;
    this.#face = face;
    this.#timeout = timeout;
  }

  async init(params: InitWxpayfaceParams): Promise<void> {
    await this.#inTime(this.#face.initWxpayface(params));
    this.#isInitialised = true;
  }

  async rawdata(): Promise<string> {
    const { rawdata } = await this.#inTime(this.#face.getWxpayfaceRawdata());
    return rawdata;
  }

  async close(): Promise<void> {
    if (this.isSilent) return;
    if (this.#isInitialised) await this.#face.releaseWxpayface().catch(() => undefined);
    await this.#face.close();
  }

  async #inTime<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.isSilent = true;
        reject(new ToldError('ERR_SERVICE_CALL', ({ doctor }) => doctor.serviceSilent(this.#timeout / 1000)));
      }, this.#timeout);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
