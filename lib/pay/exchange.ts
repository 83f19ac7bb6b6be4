import { unlessAborted } from '../abort.js';
import { ClosedError } from '../errors.js';
import { isAbsent } from '../fields.js';
import type { Call } from './calls.js';
import {
  BillError,
  cleanCause,
  PayProtocolError,
  PayResponseError,
  PaySignatureError,
  PayTransportError,
} from './errors.js';
import { GatewayTime } from './gateway-time.js';
import { Transport, type Way } from './http/fail-over.js';
import type { Arriving, Post } from './http/post.js';
import { Limiter } from './limiter.js';
import { noteWait, observed, type PayCall } from './observability.js';
import type { Settings } from './options.js';
import { readReply, type Secrets, withoutCredentials } from './reply.js';
import {
  checkAllowed,
  checkText,
  credentialFields,
  nonce,
  type RequestOptions,
  requestFields,
  secretsIn,
} from './request.js';
import { checkIdentity, type Fields } from './results.js';
import { SandboxKey } from './sandbox-key.js';
import { type SignType, sign, verifySignature } from './sign.js';
import { isLimit, troubleOf } from './trouble.js';
import { buildXml } from './xml.js';

const xml = { 'content-type': 'text/xml; charset=utf-8' };

const sandboxPath = '/xdc/apiv2sandbox';
const sandboxKeyPath = '/xdc/apiv2getsignkey/sign/getsignkey';

/** A call with its fields, ready to be signed. */
interface Request {
  name: string;
  call: Call;
  fields: Fields;
  sign_type: SignType;
  inSandbox: boolean;
  options: RequestOptions;
  event: PayCall;
}

/** A request once, signed with this key. */
type Send<Value> = (request: Request, key: string, fresh: boolean) => Promise<Value>;

/** What clients of one merchant may share: the queue of their calls, and their connections. Whoever shares one doesn't close it. */
export interface SharedParts {
  readonly limiter: Limiter;
  readonly connections: Transport;
}

/** The messages of one client: signs and sends, and believes an answer only if it's well-formed, signed and about the request. */
export class Exchange {
  /** Every call waits here before it's sent. */
  readonly limiter: Limiter;
  readonly #settings: Settings;
  readonly #shared: Partial<SharedParts>;
  readonly #transport: Transport;
  readonly #sandboxKey = new SandboxKey(() => observed('getsignkey', () => this.#fetchSandboxKey()));
  readonly #gatewayTime = new GatewayTime();
  #closed = false;

  constructor(settings: Settings, shared: Partial<SharedParts>) {
    this.#settings = settings;
    this.#shared = shared;
    this.limiter = shared.limiter ?? new Limiter(settings.callsPerSecond);
    this.#transport = shared.connections ?? new Transport(settings.transport);
  }

  /** From parameters to the verified fields of an answer that is about them. */
  async call(name: string, call: Call, params: object, options: RequestOptions, event: PayCall): Promise<Fields> {
    return this.#answer(this.#request(name, call, params, options, event), this.#verified);
  }

  /**
   * From parameters to what `read` makes of an answer that nobody has signed, and that may be of any size: it's read as it comes.
   * @param read With what no message may show.
   */
  async download<Value>(
    name: string,
    call: Call,
    params: object,
    options: RequestOptions,
    event: PayCall,
    read: (answer: Arriving, secrets: Secrets) => Promise<Value>,
  ): Promise<Value> {
    return this.#answer(this.#request(name, call, params, options, event), async (request, key, fresh) => {
      const { way, post, secrets } = this.#message(request, key, fresh);
      const answer = await this.#transport.open(way, post);
      this.#gatewayTime.note(answer.date);
      return read(answer, secrets);
    });
  }

  #request(name: string, call: Call, params: object, options: RequestOptions, event: PayCall): Request {
    if (this.#closed) throw new ClosedError('The pay client');
    const inSandbox = this.#settings.sandbox && call.host !== 'face';
    const sign_type = call.sign_type ?? (inSandbox ? 'MD5' : this.#settings.sign_type);
    const fields = requestFields(call, params, this.#settings, sign_type);
    if (fields.out_trade_no !== undefined) event.out_trade_no = fields.out_trade_no;
    if (fields.transaction_id !== undefined) event.transaction_id = fields.transaction_id;
    checkAllowed(call, options, this.#settings, inSandbox);
    if (inSandbox) checkText(fields);
    return { name, call, fields, sign_type, inSandbox, options, event };
  }

  #answer<Value>(request: Request, send: Send<Value>): Promise<Value> {
    return request.inSandbox ? this.#askSandbox(request, send) : this.#askGateway(request, send);
  }

  async #askGateway<Value>(request: Request, send: Send<Value>): Promise<Value> {
    const { key } = this.#settings;
    const fresh = request.call.fresh === true || request.options.fresh === true;
    try {
      return await this.#ask(request, send, key, fresh);
    } catch (error) {
      const wasDead = error instanceof PayTransportError && error.kept && error.why !== 'aborted';
      if (!request.call.repeatedFresh || !wasDead) throw error;
      return this.#ask(request, send, key, true);
    }
  }

  /** The vendor renews the sandbox's key: what fails by its signature is asked again with a new one, unless it moves something. */
  async #askSandbox<Value>(request: Request, send: Send<Value>): Promise<Value> {
    const fresh = request.call.fresh === true || request.options.fresh === true;
    const key = await this.#keyOfSandbox(request.options.signal);
    try {
      return await this.#ask(request, send, key, fresh);
    } catch (error) {
      if (!isAboutSignature(error)) throw error;
      this.#sandboxKey.forget(key);
      if (!request.call.changesNothing) throw error;
      return this.#ask(request, send, await this.#keyOfSandbox(request.options.signal), fresh);
    }
  }

  /** Once, as soon as the limits on calls let it; an answer that is about them slows down the calls after it. */
  async #ask<Value>(request: Request, send: Send<Value>, key: string, fresh: boolean): Promise<Value> {
    const { call, options, event } = request;
    await noteWait(event, this.limiter.enter(call.priority ?? 'query', options.signal));
    if (this.#closed) throw new ClosedError('The pay client');
    try {
      return await send(request, key, fresh);
    } catch (error) {
      if (troubleOf(error) === 'limit') this.limiter.limited();
      throw error;
    }
  }

  #verified = async (request: Request, key: string, fresh: boolean): Promise<Fields> => {
    const { name, call, sign_type, inSandbox } = request;
    const keys = inSandbox ? [key] : [key, ...this.#settings.formerKeys];
    const { sent, way, post, secrets } = this.#message(request, key, fresh);
    const received = await this.#post(name, secrets, way, post);
    if (isAbsent(received.sign)) throw new PaySignatureError(`The response to ${name} has no signature`);
    if (!keys.some((each) => verifySignature(received, each, sign_type)))
      throw new PaySignatureError(`The signature of the response to ${name} is wrong`);
    checkIdentity(name, call.about, sent, received);
    if (received.result_code === 'FAIL' && isLimit(received)) this.limiter.limited();
    const credentials = [this.#settings.key, ...keys, ...credentialFields.map((field) => sent[field] ?? '')];
    return withoutCredentials(received, sent, credentials);
  };

  /** What is sent, over which connections; and what no message may show of it. */
  #message({ call, fields, sign_type, inSandbox, options }: Request, key: string, fresh: boolean) {
    // In Node.js 20 each { ...fields, sign } has a hidden class of its own: ten times as long to make, three times to read.
    const sent: Fields = Object.assign({}, fields, { sign: sign(fields, key, sign_type) });
    const { negativeTest, signal, mayLeave } = options;
    const path = inSandbox ? `${sandboxPath}${call.path}` : call.path;
    const headers = negativeTest === undefined ? xml : { ...xml, 'wechatpay-negative-test': negativeTest };
    return {
      sent,
      secrets: () => [this.#settings.key, key, ...secretsIn(sent)],
      way: { hosts: this.#settings.hosts[call.host ?? 'pay'], certificate: call.certificate === true, fresh },
      post: { method: 'POST', path, headers, body: buildXml(sent), signal, mayLeave } as const,
    };
  }

  /** Sends, and reads what came back; nothing of it is verified but that the gateway took it. */
  async #post(name: string, secrets: Secrets, way: Way, post: Post): Promise<Fields> {
    const reply = await this.#transport.send(way, post);
    this.#gatewayTime.note(reply.date);
    return readReply(name, secrets, reply);
  }

  async #keyOfSandbox(signal: AbortSignal | undefined): Promise<string> {
    try {
      return await unlessAborted(() => this.#sandboxKey.get(), signal);
    } catch (error) {
      // Whatever went wrong here, of the call itself nothing was sent.
      if (signal?.aborted)
        throw new PayTransportError('Aborted before anything was sent', false, {
          why: 'aborted',
          cause: signal.reason,
        });
      const why = (error instanceof PayTransportError && error.why) || 'broken';
      throw new PayTransportError('Nothing was sent: the sandbox gave no key', false, {
        why,
        cause: cleanCause(error),
      });
    }
  }

  /** With the merchant's own key. */
  async #fetchSandboxKey(): Promise<string> {
    const { key, identity, hosts } = this.#settings;
    const fields = { mch_id: identity.mch_id, nonce_str: nonce() };
    const sent = { ...fields, sign: sign(fields, key, 'MD5') };
    const way = { hosts: hosts.pay, certificate: false, fresh: false };
    const asked = { method: 'POST', path: sandboxKeyPath, headers: xml, body: buildXml(sent) } as const;
    const post = { ...asked, signal: undefined, mayLeave: undefined };
    const received = await this.#post('getsignkey', () => [key], way, post);
    // The vendor's answer has no signature.
    if (!isAbsent(received.sign) && !verifySignature(received, key, 'MD5'))
      throw new PaySignatureError('The signature of the response to getsignkey is wrong');
    checkIdentity('getsignkey', undefined, { ...identity }, received);
    if (isAbsent(received.sandbox_signkey) || received.sandbox_signkey === undefined)
      throw new PayResponseError('The response to getsignkey has no sandbox_signkey');
    return received.sandbox_signkey;
  }

  gatewayTime(): number | undefined {
    return this.#gatewayTime.now();
  }

  /** Those that the gateway may have enciphered a message with. */
  get keys(): string[] {
    const { key, formerKeys, sandbox } = this.#settings;
    const { current } = this.#sandboxKey;
    return [...(sandbox && current !== undefined ? [current] : []), key, ...formerKeys];
  }

  /** For further clients of the same merchant. */
  get shared(): SharedParts {
    return { limiter: this.limiter, connections: this.#transport };
  }

  /** Lets calls in flight end, closes idle connections, and refuses later calls and those that still wait to be sent. */
  close(): void {
    this.#closed = true;
    if (this.#shared.limiter === undefined) this.limiter.close();
    if (this.#shared.connections === undefined) this.#transport.close();
  }
}

/** Ours was refused, or the answer's is not by our key. */
const isAboutSignature = (error: unknown): boolean =>
  error instanceof PaySignatureError ||
  (error instanceof PayProtocolError && /签名|sign/i.test(error.return_msg ?? '')) ||
  (error instanceof BillError && isAboutSignature(error.cause));
