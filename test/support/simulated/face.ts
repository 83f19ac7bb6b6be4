import type {
  FaceCodeResult,
  FaceResponse,
  GetWxpayfaceCodeParams,
  UpdateWxpayfacePayResultParams,
} from '../../../lib/face/commands.js';
import { HostProcessError, ServiceCommandError } from '../../../lib/face/errors.js';
import { Lane } from '../../../lib/face/lane.js';
import type { Face } from '../../../lib/terminal/face.js';
import type { SimulatedClock } from './clock.js';
import type { Random } from './random.js';

/* A face service and its customers, on simulated time. */

/** What the customer does before the camera; 'nothing': until the recognition is stopped, or for ever. */
export type Customer = 'shows the face' | 'leaves' | 'wants to scan' | 'does nothing';

/** What a stop does to a recognition. */
type Stop = 'ends it' | 'comes too late' | 'does nothing';

/** One recognition that reached the service. */
export interface Seen {
  readonly out_trade_no: string;
  readonly authinfo: string;
  /** The till got a code of it. */
  isCode: boolean;
  /** What its screen was told. */
  readonly told: Array<'SUCCESS' | 'ERROR'>;
  /** Something cleared the screen that waited for a result. */
  isCleared: boolean;
  /** When the till got the code. */
  at: number;
  isStopped: boolean;
  /** When it was over. */
  endedAt: number;
}

const success: FaceResponse = { return_code: 'SUCCESS' };
/** Milliseconds after which a call that hangs is given up, and its connection with it. */
const callTimeout = 20_000;
const humanTimeout = 100_000;

const unended = { at: Number.POSITIVE_INFINITY, isStopped: false, endedAt: Number.POSITIVE_INFINITY };

interface InFlight {
  readonly reject: (error: Error) => void;
}

export class SimulatedFace implements Face {
  readonly library: Face['library'];
  readonly seen: Seen[] = [];
  /** Names of the commands, as they reached the service. */
  readonly cmds: string[] = [];
  /** Since when there is no sale. */
  idleSince = Number.POSITIVE_INFINITY;
  /** The customer of a sale. */
  customerOf: (out_trade_no: string) => { does: Customer; after: number } = () => ({ does: 'does nothing', after: 0 });
  readonly #clock: SimulatedClock;
  readonly #random: Random;
  readonly #violate: (what: string) => void;
  readonly #faults: number;
  readonly #lane = new Lane();
  readonly #inFlight = new Set<InFlight>();
  #isInitialised = false;
  /** Whose result the screen waits for. */
  #waiting: Seen | undefined;
  /** The recognition under way. */
  #looking: { readonly seen: Seen; readonly stop: Stop; end: (result: FaceCodeResult | Error) => void } | undefined;

  constructor(clock: SimulatedClock, random: Random, faults: number, violate: (what: string) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#faults = faults;
    this.#violate = violate;
    const version = random.pick(['', '1.22.0.0', '1.26.0.0']);
    this.library = { path: 'simulated', arch: 'x64', host: 'in-process', ...(version && { version }) };
  }

  get canStop(): boolean {
    return this.library.version !== '1.22.0.0';
  }

  get isLooking(): boolean {
    return this.#looking !== undefined;
  }

  /** The service program ends, and is started again at once. */
  restart(): void {
    this.#isInitialised = false;
    this.#clear();
    this.#looking?.end(new ServiceCommandError('getWxpayfaceCode', 'ERROR', 'the service ended'));
  }

  initWxpayface(): Promise<FaceResponse> {
    return this.#serial('initWxpayface', 3_000, () => {
      if (this.#goesWrong())
        throw new ServiceCommandError('initWxpayface', 'ERROR', this.#random.pick(['initializing', 'no camera']));
      this.#isInitialised = true;
      return success;
    });
  }

  getWxpayfaceRawdata(): Promise<FaceResponse & { rawdata: string }> {
    return this.#serial('getWxpayfaceRawdata', 500, () => {
      if (this.#goesWrong() || !this.#isInitialised)
        throw new ServiceCommandError('getWxpayfaceRawdata', 'ERROR', 'not initialised');
      return { ...success, rawdata: 'rawdata' };
    });
  }

  async getWxpayfaceCode(
    { authinfo, out_trade_no = '' }: GetWxpayfaceCodeParams,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<FaceCodeResult> {
    const leave = await this.#enter('getWxpayfaceCode', signal);
    try {
      if (signal?.aborted) throw signal.reason;
      if (!this.#isInitialised || this.#goesWrong())
        throw new ServiceCommandError('getWxpayfaceCode', 'ERROR', 'not initialised');
      if (this.#waiting !== undefined)
        this.#violate(`a recognition began before ${this.#waiting.out_trade_no}'s screen`);
      const result = await this.#look(
        { out_trade_no, authinfo, isCode: false, told: [], isCleared: false, ...unended },
        signal,
      );
      if (signal?.aborted && result.return_code !== 'SUCCESS') throw signal.reason;
      return result;
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    } finally {
      leave();
    }
  }

  async updateWxpayfacePayResult(
    { authinfo, payresult }: UpdateWxpayfacePayResultParams,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<FaceResponse> {
    const leave = await this.#enter('updateWxpayfacePayResult', signal);
    signal?.addEventListener('abort', leave, { once: true });
    const seen = this.#waiting;
    const isGone = seen === undefined && this.seen.at(-1)?.isCleared === true;
    if (!isGone && seen?.authinfo !== authinfo) this.#violate('a screen was told that waited for nothing');
    seen?.told.push(payresult);
    this.#waiting = undefined;
    try {
      const confirms = this.#random.chance(0.8);
      return await this.#call(confirms ? this.#random.between(100, 8_000) : Number.POSITIVE_INFINITY, () => success);
    } finally {
      leave();
    }
  }

  releaseWxpayface(): Promise<FaceResponse> {
    return this.#serial('releaseWxpayface', 300, () => {
      this.#isInitialised = false;
      this.#clear();
      this.#looking?.end(new ServiceCommandError('getWxpayfaceCode', 'ERROR', 'released'));
      return success;
    });
  }

  async endHost(): Promise<void> {
    await this.abandon();
  }

  async abandon(): Promise<void> {
    for (const { reject } of [...this.#inFlight]) reject(new HostProcessError('was ended'));
  }

  forgetInit(): void {}

  async close(): Promise<void> {
    await this.abandon();
  }

  #goesWrong(): boolean {
    return this.#random.chance(this.#faults / 10);
  }

  #clear(): void {
    if (this.#waiting !== undefined) this.#waiting.isCleared = true;
    this.#waiting = undefined;
  }

  async #enter(cmd: string, signal?: AbortSignal): Promise<() => void> {
    const leave = await this.#lane.enter(signal);
    this.cmds.push(cmd);
    return leave;
  }

  async #serial<Result>(cmd: string, slowest: number, answer: () => Result): Promise<Result> {
    if (this.isLooking && cmd !== 'releaseWxpayface') this.#violate(`${cmd} during a recognition`);
    // An initialisation that was begun for a sale may be tried once more after it.
    if (cmd === 'initWxpayface' && this.#clock.monotonic() - this.idleSince > 5_000)
      this.#violate('initialised at rest');
    const leave = await this.#enter(cmd);
    try {
      return await this.#call(
        this.#random.chance(this.#faults / 20) ? callTimeout : this.#random.between(1, slowest),
        answer,
      );
    } finally {
      leave();
    }
  }

  /** One call of the vendor's function. */
  #call<Result>(duration: number, answer: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const call: InFlight = {
        reject: (error) => {
          this.#inFlight.delete(call);
          reject(error);
        },
      };
      this.#inFlight.add(call);
      if (!Number.isFinite(duration)) return;
      this.#clock.at(duration, () => {
        if (!this.#inFlight.has(call)) return;
        // It hangs: its connection is given up, and all that is on it.
        if (duration === callTimeout) return void this.abandon();
        this.#inFlight.delete(call);
        try {
          resolve(answer());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  #look(seen: Seen, signal: AbortSignal | undefined): Promise<FaceCodeResult> {
    const { does, after } = this.customerOf(seen.out_trade_no);
    const stop: Stop = this.canStop
      ? this.#random.pick(['ends it', 'ends it', 'comes too late', 'does nothing'])
      : 'does nothing';
    this.seen.push(seen);
    return new Promise((resolve, reject) => {
      const call: InFlight = { reject: (error) => looking.end(error) };
      const looking = {
        seen,
        stop,
        end: (result: FaceCodeResult | Error): void => {
          if (!this.#inFlight.delete(call)) return;
          seen.endedAt = this.#clock.monotonic();
          if (this.#looking === looking) this.#looking = undefined;
          signal?.removeEventListener('abort', onAbort);
          if (result instanceof Error) {
            reject(result);
            return;
          }
          if (result.return_code === 'SUCCESS') {
            seen.isCode = true;
            seen.at = this.#clock.monotonic();
            this.#waiting = seen;
          }
          resolve(result);
        },
      };
      this.#inFlight.add(call);
      this.#looking = looking;
      const code = { ...success, return_code: 'SUCCESS', face_code: faceCode, openid: 'o' } as const;
      const onAbort = (): void => {
        this.cmds.push('stopWxpayface');
        if (seen.isCode) this.#violate('a stop after a code');
        seen.isStopped = true;
        if (stop === 'ends it')
          this.#clock.at(this.#random.between(1, 500), () =>
            looking.end(new ServiceCommandError('getWxpayfaceCode', 'ERROR', 'stopped')),
          );
        if (stop === 'comes too late') this.#clock.at(this.#random.between(0, 6_000), () => looking.end(code));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#clock.at(humanTimeout, () => looking.end(new HostProcessError('did not answer')));
      if (does === 'shows the face') this.#clock.at(after, () => looking.end(code));
      if (does === 'leaves') this.#clock.at(after, () => looking.end({ return_code: 'USER_CANCEL' }));
      if (does === 'wants to scan') this.#clock.at(after, () => looking.end({ return_code: 'SCAN_PAYMENT' }));
    });
  }
}

export const faceCode = '120061098828009406';
