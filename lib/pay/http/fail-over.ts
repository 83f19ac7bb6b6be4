import { performance } from 'node:perf_hooks';
import type tls from 'node:tls';
import { PayTransportError } from '../errors.js';
import { GatewayAgent, lazily, secureContext, type TransportOptions } from './agent.js';
import { type Arriving, open, type Post, post, type Reply } from './post.js';
import { mayAskAnother } from './sent.js';

/** Milliseconds for which a host that couldn't be reached is tried last. */
const avoidFor = 60_000;

/** Which connections a call may use. */
export interface Way {
  /** The host to ask, then the one to ask if nothing can have reached the first. */
  hosts: readonly string[];
  /** Shows the merchant's certificate, which goes only to the calls that need it. */
  certificate: boolean;
  /** A connection of its own. An idle kept one may be dead, and a payment on it would end as unknown for nothing. */
  fresh: boolean;
}

interface Agents {
  fresh: GatewayAgent;
  kept: GatewayAgent;
}

/** Sends over connections of the right kind, to another host if the first can't be reached. */
export class Transport {
  readonly #settings: TransportOptions;
  readonly #anonymous: Agents;
  readonly #merchant: Agents;
  /** Hosts that couldn't be reached, and until when they are tried last. */
  readonly #avoided = new Map<string, number>();

  constructor(settings: TransportOptions) {
    this.#settings = settings;
    const agents = (context: () => tls.SecureContext): Agents => ({
      fresh: new GatewayAgent(settings, context, false),
      kept: new GatewayAgent(settings, context, true),
    });
    this.#anonymous = agents(lazily(() => secureContext(settings.ca)));
    this.#merchant = agents(lazily(() => secureContext(settings.ca, settings.certificate)));
  }

  /** @throws PayTransportError, PayResponseError for a body beyond 1 MiB. */
  send(way: Way, request: Post): Promise<Reply> {
    return this.#ask(way, request, post);
  }

  /**
   * For an answer that may be of any size, which is read as it comes.
   * @throws PayTransportError
   */
  open(way: Way, request: Post): Promise<Arriving> {
    return this.#ask(way, request, open);
  }

  async #ask<Value>(
    way: Way,
    request: Post,
    askHost: (agent: GatewayAgent, host: string, request: Post, patience: number) => Promise<Value>,
  ): Promise<Value> {
    const { fresh, kept } = way.certificate ? this.#merchant : this.#anonymous;
    const hosts = this.#sorted(way.hosts);
    for (const [index, host] of hosts.entries()) {
      try {
        const answer = await askHost(way.fresh ? fresh : kept, host, request, this.#settings.timeout.response);
        this.#avoided.delete(host);
        return answer;
      } catch (error) {
        if (!(error instanceof PayTransportError) || !mayAskAnother(error.sent, error.why)) throw error;
        this.#avoided.set(host, performance.now() + avoidFor);
        if (index === hosts.length - 1) throw error;
      }
    }
    throw new PayTransportError('There is no host to ask', false, { why: 'internal' });
  }

  /** Those that could be reached lately first. */
  #sorted(hosts: readonly string[]): string[] {
    const now = performance.now();
    const avoidedUntil = (host: string): number => Math.max(now, this.#avoided.get(host) ?? now);
    return [...hosts].sort((one, other) => avoidedUntil(one) - avoidedUntil(other));
  }

  close(): void {
    for (const { fresh, kept } of [this.#anonymous, this.#merchant]) {
      fresh.close();
      kept.close();
    }
  }
}
