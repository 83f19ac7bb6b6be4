import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { CallLog } from './call-log.js';
import type { IssuedCodes } from './issued-codes.js';
import type { SimulatedMerchant } from './routes.js';
import type { SimulatorSettings } from './scenario.js';

/** What the customer sees: nothing; the camera; a spinner until the till tells the result; the result. */
export type Screen = 'idle' | 'looking' | 'paying' | 'success' | 'failure';

/** What a customer can do about it. */
export type ScreenAction = 'show-face' | 'cancel' | 'scan' | 'confirm';

/** What each screen offers. */
const offers: Readonly<Record<Screen, readonly ScreenAction[]>> = {
  idle: [],
  looking: ['show-face', 'cancel', 'scan'],
  paying: [],
  success: ['confirm'],
  failure: ['confirm'],
};

type FaceAnswer = { return_code: string; return_msg: string } & Record<string, string>;
type Request = Readonly<Record<string, unknown>>;

const success: FaceAnswer = { return_code: 'SUCCESS', return_msg: 'SUCCESS' };
const error = (return_msg: string): FaceAnswer => ({ return_code: 'ERROR', return_msg });
const parameterError = (name: string): FaceAnswer => ({ return_code: 'PARAM_ERROR', return_msg: `parameter ${name}` });

const maximumFrame = 64 * 1024 * 1024;

interface FaceServiceContext {
  readonly merchant: SimulatedMerchant;
  readonly codes: IssuedCodes;
  readonly log: CallLog;
  readonly settings: () => SimulatorSettings;
}

/** docs/facts.md#required-fields. */
const required: Readonly<Record<string, readonly string[]>> = {
  initWxpayface: [],
  getWxpayfaceRawdata: [],
  getWxpayfaceCode: ['appid', 'mch_id', 'store_id', 'face_authtype', 'authinfo'],
  updateWxpayfacePayResult: ['appid', 'mch_id', 'store_id', 'authinfo', 'payresult'],
  stopWxpayface: ['appid', 'mch_id', 'authinfo'],
  releaseWxpayface: [],
  getWxpayfaceUserInfo: ['appid', 'mch_id', 'authinfo'],
  getWxpayAuth: ['appid', 'mch_id', 'authinfo'],
};

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function requestOf(json: Buffer): Request | undefined {
  try {
    return Object(JSON.parse(json.toString()));
  } catch {
    return undefined;
  }
}

/** Plays WxpayFaceService on a pipe, with the framing of the real one (docs/facts.md#the-library). Emits 'screen'. */
export class SimulatedFaceService extends EventEmitter {
  readonly #context: FaceServiceContext;
  readonly #pipe: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #initialised = false;
  #screen: Screen = 'idle';
  /** Ends the call that waits for a person: the recognition, or the confirmation of a result. */
  #waiting: ((answer: FaceAnswer) => void) | undefined;
  #recognising: Request = {};
  #abandoned = false;

  constructor(context: FaceServiceContext, pipe: string) {
    super();
    this.#context = context;
    this.#pipe = pipe;
  }

  get screen(): Screen {
    return this.#screen;
  }

  /** The order on the screen, as far as the till named it. */
  get order(): { readonly out_trade_no?: string; readonly total_fee?: number } {
    if (this.#screen === 'idle') return {};
    const out_trade_no = textOf(this.#recognising.out_trade_no);
    const total_fee = textOf(this.#recognising.total_fee);
    return { ...(out_trade_no && { out_trade_no }), ...(total_fee && { total_fee: Number(total_fee) }) };
  }

  get offered(): readonly ScreenAction[] {
    return this.#abandoned ? [] : offers[this.#screen];
  }

  /** Nobody stands before the screen any more. */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  #show(screen: Screen): void {
    this.#screen = screen;
    if (screen === 'idle') this.#abandoned = false;
    this.emit('screen', screen);
  }

  async start(): Promise<void> {
    if (this.#server) return;
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket));
    this.#server = server;
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(this.#pipe, resolve);
      });
    } catch (error) {
      // The next start tries again.
      if (this.#server === server) this.#server = undefined;
      throw error;
    }
  }

  /** As when the program ends: nobody listens, open calls break, all its state is gone. */
  stop(): void {
    this.#server?.close();
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    this.#reset('the service ended');
  }

  #reset(reason: string): void {
    this.#initialised = false;
    this.#finish(error(reason));
    this.#show('idle');
  }

  #finish(answer: FaceAnswer): void {
    const finish = this.#waiting;
    this.#waiting = undefined;
    finish?.(answer);
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // A till that dies in the middle of a call is not a fault of the service.
    socket.on('error', () => socket.destroy());
    const chunks: Buffer[] = [];
    let received = 0;
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      received += chunk.length;
      if (received < 4) return;
      const frame = Buffer.concat(chunks);
      const length = frame.readUInt32BE(0);
      if (length > maximumFrame) {
        socket.destroy();
        return;
      }
      if (received < 4 + length) return;
      socket.off('data', take);
      const answered = (answer: FaceAnswer): void => {
        const json = Buffer.from(JSON.stringify(answer));
        const head = Buffer.alloc(4);
        head.writeUInt32BE(json.length);
        if (!socket.destroyed) socket.end(Buffer.concat([head, json]));
      };
      this.#receive(frame.subarray(4, 4 + length)).then(answered, () => socket.destroy());
    };
    socket.on('data', take);
  }

  async #receive(json: Buffer): Promise<FaceAnswer> {
    const request = requestOf(json);
    const cmd = textOf(request?.cmd) ?? '';
    const entry = this.#context.log.begin('face', cmd || '(no cmd)', request ?? {});
    const answer = request ? await this.#answer(cmd, request) : parameterError('request');
    entry.end(answer.return_code, answer);
    return answer;
  }

  async #answer(cmd: string, request: Request): Promise<FaceAnswer> {
    const { merchant, codes } = this.#context;
    const needed = Object.hasOwn(required, cmd) ? required[cmd] : undefined;
    if (!needed) return parameterError('cmd');
    if (request.version !== '1') return parameterError('version');
    if (!/^\d{10}$/.test(String(request.now)) || typeof request.now !== 'number') return parameterError('now');
    const missing = needed.find((name) => !textOf(request[name]));
    if (missing) return parameterError(missing);
    if (needed.includes('appid') && request.appid !== merchant.appid) return parameterError('appid');
    if (needed.includes('mch_id') && request.mch_id !== merchant.mch_id) return parameterError('mch_id');
    if (needed.includes('authinfo') && !codes.knowsAuthinfo(request.authinfo)) return parameterError('authinfo');
    if (cmd !== 'initWxpayface' && cmd !== 'releaseWxpayface' && !this.#initialised) return error('not initialised');
    switch (cmd) {
      case 'initWxpayface':
        this.#initialised = true;
        return success;
      case 'getWxpayfaceRawdata':
        return { ...success, rawdata: randomBytes(640).toString('base64') };
      case 'getWxpayfaceCode':
        return this.#recognise(request);
      case 'getWxpayfaceUserInfo':
        return this.#look(request);
      case 'getWxpayAuth':
        return this.#recognising.face_authtype === 'FACE_AUTH' && this.#screen === 'idle'
          ? success
          : error('nobody was authenticated');
      case 'updateWxpayfacePayResult':
        return this.#showResult(request);
      case 'stopWxpayface':
        // Vendor page: only while no face_code has been returned.
        if (this.#screen !== 'looking') return error('nothing to stop');
        this.#show('idle');
        this.#finish(error('stopped by the merchant'));
        return success;
      default:
        this.#reset('released');
        return success;
    }
  }

  #recognise(request: Request): Promise<FaceAnswer> {
    if (request.face_authtype !== 'FACEPAY' && request.face_authtype !== 'FACE_AUTH')
      return Promise.resolve(parameterError('face_authtype'));
    const boundToOrder = request.face_authtype === 'FACEPAY' && request.face_code_type !== '1';
    const missing = boundToOrder ? ['out_trade_no', 'total_fee'].find((name) => !textOf(request[name])) : undefined;
    if (missing) return Promise.resolve(parameterError(missing));
    return this.#look(request);
  }

  #look(request: Request): Promise<FaceAnswer> {
    if (this.#screen !== 'idle') return Promise.resolve(error('another payment is on the screen'));
    this.#recognising = request;
    const { face, faceDelay } = this.#context.settings();
    const answer = new Promise<FaceAnswer>((resolve) => {
      this.#waiting = resolve;
    });
    this.#show('looking');
    const actions = { shown: 'show-face', cancelled: 'cancel', scan: 'scan', waiting: undefined } as const;
    const action = actions[face];
    if (action) this.#actAfter(faceDelay, action);
    return answer;
  }

  #showResult(request: Request): Promise<FaceAnswer> {
    if (this.#screen !== 'paying') return Promise.resolve(error('no payment is on the screen'));
    const answer = new Promise<FaceAnswer>((resolve) => {
      this.#waiting = resolve;
    });
    this.#show(request.payresult === 'SUCCESS' ? 'success' : 'failure');
    const { confirm, confirmDelay } = this.#context.settings();
    if (confirm === 'confirmed') this.#actAfter(confirmDelay, 'confirm');
    return answer;
  }

  #actAfter(delay: number, action: ScreenAction): void {
    const waiting = this.#waiting;
    // Only for the call that began it: another may have taken its place since.
    const act = (): boolean => this.#waiting === waiting && this.act(action);
    setTimeout(act, delay).unref();
  }

  /** The customer goes away in the middle: whatever the screen waits for won't happen. */
  walkAway(): void {
    this.#abandoned = this.#screen !== 'idle';
  }

  /** The customer does something. False if the screen offers no such thing. */
  act(action: ScreenAction): boolean {
    if (!this.offered.includes(action)) return false;
    this.#context.log.customer(action);
    const answer = this.#answerAfter(action);
    this.#show('face_code' in answer ? 'paying' : 'idle');
    this.#finish(answer);
    return true;
  }

  #answerAfter(action: ScreenAction): FaceAnswer {
    if (action === 'confirm') return { ...success, return_msg: 'release success' };
    if (action === 'cancel') return { return_code: 'USER_CANCEL', return_msg: '用户退出了人脸识别' };
    if (action === 'scan') return { return_code: 'SCAN_PAYMENT', return_msg: '用户选择扫码支付' };
    const { cmd, out_trade_no, total_fee, face_authtype, face_code_type, sub_appid } = this.#recognising;
    if (cmd === 'getWxpayfaceUserInfo') {
      const openid = `oSim${randomBytes(12).toString('hex')}`;
      return { ...success, openid, token: randomBytes(16).toString('hex') };
    }
    const face_sid = randomBytes(16).toString('hex');
    // The page doesn't say what proves who somebody is; a face_code pays, so it's none of it.
    if (face_authtype === 'FACE_AUTH') return { ...success, face_sid };
    const order = { out_trade_no: textOf(out_trade_no) ?? '', total_fee: textOf(total_fee) ?? '' };
    const { code, openid } = this.#context.codes.newFaceCode(face_code_type, order);
    return {
      ...success,
      face_code: code,
      openid,
      face_sid,
      ...(sub_appid ? { sub_openid: `${openid}-sub` } : {}),
    };
  }
}
