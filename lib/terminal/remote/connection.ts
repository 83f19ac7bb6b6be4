import { InvalidParameterError } from '../../errors.js';
import { PayResponseError, PayTransportError } from '../../pay/errors.js';
import { GatewayAgent, lazily, secureContext } from '../../pay/http/agent.js';
import { type Arriving, open, type Post, post, type Reply } from '../../pay/http/post.js';

/** Where a merchant server is, and as whom it is asked. */
export interface Server {
  readonly url: string;
  readonly token: string;
  readonly ca?: string | Uint8Array;
}

/** One request of the tills' HTTP. */
export interface ServerRequest {
  readonly method: Post['method'];
  /** Behind the server's address, with its query. */
  readonly path: string;
  readonly body?: unknown;
  /** Which attempt to pay it is. */
  readonly key?: string;
  /** A connection of its own: on one that is dead, what has not left would count as in doubt. */
  readonly isFresh?: boolean;
}

/** Milliseconds. */
const connectTimeout = 5_000;

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** @throws InvalidParameterError, which quotes nothing of what was given. */
function addressOf(name: string, given: unknown): URL {
  let url: URL;
  try {
    url = new URL(String(given));
  } catch {
    throw new InvalidParameterError(name, 'must be the address of a merchant server, such as https://pay.example.com');
  }
  const isPlain = url.protocol === 'http:' && loopback.test(url.hostname);
  if (url.protocol !== 'https:' && !isPlain)
    throw new InvalidParameterError(name, 'must begin with https://; http:// is for this machine only (127.0.0.1)');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new InvalidParameterError(name, 'must be an address alone; the token has an option of its own');
  return url;
}

/** The line to a merchant server. The token is in its header, and nowhere else; redirects are not followed. */
export class Connection {
  readonly #origin: string;
  readonly #folder: string;
  readonly #authorization: string;
  readonly #kept: GatewayAgent;
  readonly #fresh: GatewayAgent;

  /**
   * @param names What the options are called where they were given.
   * @throws InvalidParameterError
   */
  constructor({ url, token, ca }: Server, names: Readonly<Record<'url' | 'token' | 'ca', string>>) {
    const address = addressOf(names.url, url);
    if (typeof token !== 'string' || !/^[\w.~+/=-]{1,512}$/.test(token))
      throw new InvalidParameterError(names.token, 'must be the token that addTerminal returned');
    if (ca !== undefined && typeof ca !== 'string' && !(ca instanceof Uint8Array))
      throw new InvalidParameterError(names.ca, 'must be a certificate authority, PEM');
    this.#origin = address.origin;
    this.#folder = address.pathname.replace(/\/+$/, '');
    this.#authorization = `Bearer ${token}`;
    const settings = {
      ca: ca === undefined ? [] : [typeof ca === 'string' ? ca : Buffer.from(ca)],
      certificate: undefined,
      timeout: { connect: connectTimeout, response: 0 },
      proxy: undefined,
      mch_id: '',
      plain: address.protocol === 'http:',
    };
    const context = lazily(() => secureContext(settings.ca));
    this.#kept = new GatewayAgent(settings, context, true);
    this.#fresh = new GatewayAgent(settings, context, false);
  }

  /**
   * @param patience Milliseconds for the whole answer.
   * @throws PayTransportError, also for a body beyond 1 MiB.
   */
  async send(request: ServerRequest, patience: number, signal: AbortSignal): Promise<Reply> {
    const agent = request.isFresh ? this.#fresh : this.#kept;
    return post(agent, this.#origin, this.#messageOf(request, signal), patience).catch(rethrow);
  }

  /**
   * An answer that is read as it comes.
   * @param patience Milliseconds for its head, and for each piece of it.
   * @throws PayTransportError
   */
  async open(request: ServerRequest, patience: number, signal: AbortSignal): Promise<Arriving> {
    return open(this.#fresh, this.#origin, this.#messageOf(request, signal), patience).catch(rethrow);
  }

  close(): void {
    this.#kept.close();
    this.#fresh.close();
  }

  #messageOf({ method, path, body, key }: ServerRequest, signal: AbortSignal): Post {
    return {
      method,
      path: `${this.#folder}${path}`,
      headers: {
        accept: 'application/json',
        authorization: this.#authorization,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      mayLeave: undefined,
    };
  }
}

/** The connections are those to the gateway, and speak of it. */
export const ofServer = (message: string): string => message.replaceAll('the gateway', 'the merchant server');

function rethrow(error: unknown): never {
  if (error instanceof PayResponseError) throw new PayTransportError(error.message, true, { why: 'broken' });
  if (!(error instanceof PayTransportError)) throw error;
  const { message, sent, why, cause } = error;
  throw new PayTransportError(ofServer(message), sent, { ...(why !== undefined && { why }), cause });
}
