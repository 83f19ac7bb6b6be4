import { ClosedError, InvalidParameterError } from '../../errors.js';
import type { SharedParts } from '../exchange.js';
import { GatewayTime } from '../gateway-time.js';
import { Transport } from '../http/fail-over.js';
import type { Message } from '../http/message.js';
import type { Arriving, Reply } from '../http/post.js';
import { Limiter, type Priority } from '../limiter.js';
import { noteWait, type PayCall } from '../observability.js';
import { nonce, type RequestOptions } from '../request.js';
import { troubleOf } from '../trouble.js';
import type { VerifiedAnswer } from './answers.js';
import { Freshness } from './freshness.js';
import type { SettingsV3 } from './options.js';
import { readReply } from './reply.js';
import { authorization, verify } from './signature.js';

/** A request before it's signed. */
export interface RequestV3 {
  readonly method: Message['method'];
  /** With its query. */
  readonly path: string;
  /** What becomes JSON; undefined: no body. */
  readonly body?: unknown;
  readonly priority?: Priority;
  /** Always over a connection of its own. */
  readonly fresh?: true;
  /** What no message and no answer may show. */
  readonly secrets?: readonly string[];
  /** Default: the client's. */
  readonly hosts?: readonly string[];
}

/** Milliseconds: with a clock that is more than this wrong the gateway refuses a request. */
const longest = 5 * 60_000;

function jsonOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // It may quote the value.
  }
  if (text === undefined) throw new InvalidParameterError('body', 'must be what JSON can hold');
  return text;
}

/** The messages of one client: signs and sends, and believes an answer only if it's signed by the gateway, lately. */
export class ExchangeV3 {
  /** Every call waits here before it's sent. */
  readonly limiter: Limiter;
  readonly #settings: SettingsV3;
  readonly #shared: Partial<SharedParts>;
  readonly #transport: Transport;
  readonly #gatewayTime = new GatewayTime();
  readonly #freshness = new Freshness();
  #closed = false;

  constructor(settings: SettingsV3, shared: Partial<SharedParts>) {
    this.#settings = settings;
    this.#shared = shared;
    this.limiter = shared.limiter ?? new Limiter(settings.callsPerSecond);
    this.#transport = shared.connections ?? new Transport(settings.transport);
  }

  /**
   * A verified answer, of any status but 401: that one is never believed, since who can't read the request can't know who asks.
   * @throws PaySignatureError, PayProtocolError (401), PayResponseError, PayTransportError
   */
  async ask(name: string, request: RequestV3, options: RequestOptions, event: PayCall): Promise<VerifiedAnswer> {
    return this.#limited(request, options, event, async () => {
      const { way, message, secrets } = this.#message(request, options);
      const reply = await this.#transport.send(way, message);
      this.#gatewayTime.note(reply.date);
      const answer = this.#verified(name, reply, secrets);
      if (answer.status === 429) this.limiter.limited();
      return answer;
    });
  }

  /** An answer that nobody has signed, and that may be of any size: `read` reads it as it comes. */
  async download<Result>(
    request: RequestV3,
    options: RequestOptions,
    event: PayCall,
    read: (answer: Arriving) => Promise<Result>,
  ): Promise<Result> {
    return this.#limited(request, options, event, async () => {
      const { way, message } = this.#message(request, options);
      const answer = await this.#transport.open(way, message);
      this.#gatewayTime.note(answer.date);
      return read(answer);
    });
  }

  /** As soon as the limits on calls let it; an answer that is about them slows down the calls after it. */
  async #limited<Result>(
    request: RequestV3,
    { signal }: RequestOptions,
    event: PayCall,
    send: () => Promise<Result>,
  ): Promise<Result> {
    if (this.#closed) throw new ClosedError('The pay client');
    await noteWait(event, this.limiter.enter(request.priority ?? 'query', signal));
    if (this.#closed) throw new ClosedError('The pay client');
    try {
      return await send();
    } catch (error) {
      if (troubleOf(error) === 'limit') this.limiter.limited();
      throw error;
    }
  }

  /** Signed now: it may have waited. */
  #message(request: RequestV3, { signal, mayLeave, fresh }: RequestOptions) {
    const { signer, askedSerial, hosts } = this.#settings;
    const { method, path, secrets = [] } = request;
    const body = jsonOf(request.body);
    const timestamp = String(Math.floor(this.#now() / 1000));
    const signature = authorization({ method, path, timestamp, nonce: nonce(), body: body ?? '' }, signer);
    const headers = {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      'wechatpay-serial': askedSerial,
      authorization: signature.header,
    };
    const way = {
      hosts: request.hosts ?? hosts.pay,
      certificate: false,
      fresh: request.fresh === true || fresh === true,
    };
    // A POST without a body says so by its length.
    const sent = body ?? (method === 'GET' ? undefined : '');
    // For five minutes whoever has the signature could send the same once more.
    const hidden = [...secrets, signature.value];
    return { way, message: { method, path, headers, body: sent, signal, mayLeave }, secrets: hidden };
  }

  /** Milliseconds since the epoch: a clock that the gateway contradicts must not keep the shop from selling. */
  #now(): number {
    const [here, there] = [Date.now(), this.#gatewayTime.now()];
    return there === undefined || Math.abs(here - there) < longest ? here : there;
  }

  #verified(name: string, reply: Reply, secrets: readonly string[]): VerifiedAnswer {
    return readReply(name, reply, secrets, ({ headers, body }) =>
      this.#freshness.check(name, verify(name, headers, body, this.#settings.keys)),
    );
  }

  gatewayTime(): number | undefined {
    return this.#gatewayTime.now();
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
