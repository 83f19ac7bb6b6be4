import { isDeepStrictEqual } from 'node:util';
import {
  InvalidParameterError,
  Limiter,
  PayClient,
  type PayClientOptions,
  PayClientV3,
  type PayClientV3Options,
  type SharedParts,
} from 'wxpay-face';
import type { Clients } from './line.js';
import type { MerchantOptions } from './options.js';

/* How a merchant's options become clients, and what clients of one number of the gateway's share. */

/** Milliseconds for which answers by a former key are believed. */
const belief = 24 * 60 * 60 * 1_000;

/** What a merchant was configured with before, and until when its keys are believed, in milliseconds of the monotonic clock. */
export interface Former {
  readonly options: MerchantOptions;
  readonly until: number;
}

/** @param now Milliseconds of the monotonic clock. */
export const formerFrom = (options: MerchantOptions, now: number): Former => ({ options, until: now + belief });

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The options with the keys that are believed, too; nothing is signed with them. @param now See {@link Former}. */
export function withFormer(options: MerchantOptions, formers: readonly Former[], now: number): MerchantOptions {
  const { key, formerKeys = [], v3 } = options;
  const believed = formers.filter(({ until }) => until > now).map((former) => former.options);
  const keys = new Set([...formerKeys, ...believed.flatMap((former) => [former.key, ...(former.formerKeys ?? [])])]);
  keys.delete(key);
  // The first one is the one that the gateway is asked to sign with.
  const verify = [...listOf(v3?.verify), ...believed.flatMap((former) => listOf(former.v3?.verify))];
  const distinct = verify.filter((one, index) => verify.findIndex((other) => isDeepStrictEqual(one, other)) === index);
  return {
    ...options,
    ...(keys.size > 0 && { formerKeys: [...keys] }),
    ...(v3 !== undefined && { v3: { ...v3, verify: distinct } }),
  };
}

/** Without its number it would be the provider itself. */
const isSubMerchant = (value: object): boolean => {
  const { sub_mch_id } = Object(value);
  return typeof sub_mch_id === 'string' && sub_mch_id !== '';
};

const nameOf = (merchant: string, sub_merchant: string | undefined): string =>
  sub_merchant === undefined ? merchant : `${merchant}/${sub_merchant}`;

/** A merchant, or a provider's for one of its sub-merchants. */
export interface NamedClients extends Clients {
  readonly name: string;
}

/** The client holds each field against what it must be. */
const isV3 = (options: object): options is PayClientV3Options => Object.keys(options).length > 0;

function clientOfV3(
  v2: PayClient,
  options: PayClientOptions,
  v3: Readonly<Record<string, unknown>>,
  shared: Partial<SharedParts>,
): PayClientV3 {
  const { endpoints, ca, timeout, proxy } = options;
  const connection = {
    ...(endpoints !== undefined && { endpoints }),
    ...(ca !== undefined && { ca }),
    ...(timeout !== undefined && { timeout }),
    ...(proxy !== undefined && { proxy }),
  };
  const all = { ...connection, ...v3, ...v2.identity, v2 };
  if (!isV3(all)) throw new InvalidParameterError('v3', 'must be an object');
  return new PayClientV3(all, shared);
}

/**
 * The clients of a merchant: one, or one for each sub-merchant, over the same connections.
 * @param limiter What all clients of its mch_id wait in.
 * @throws InvalidParameterError for options that a client refuses.
 */
export function clientsOf(merchant: MerchantOptions, limiter: Limiter): NamedClients[] {
  const { name, sub_merchants, v3, webhook: _, ...options } = merchant;
  const subs: ReadonlyArray<readonly [string | undefined, object]> =
    sub_merchants === undefined ? [[undefined, {}]] : Object.entries(sub_merchants);
  const made: NamedClients[] = [];
  for (const [sub, more] of subs)
    if (sub !== undefined && !isSubMerchant(more))
      throw new InvalidParameterError(`sub_merchants.${sub}`, 'must have a sub_mch_id');
  try {
    for (const [sub, more] of subs) {
      const [first] = made;
      const shared = { limiter, ...(first && { connections: first.v2.shared.connections }) };
      const sharedV3 = { limiter, ...(first?.v3 && { connections: first.v3.shared.connections }) };
      const own = { ...options, ...more };
      const v2 = new PayClient(own, shared);
      made.push({ name: nameOf(name, sub), v2, v3: v3 && clientOfV3(v2, own, v3, sharedV3) });
    }
    return made;
  } catch (error) {
    for (const clients of made) closeAll(clients);
    throw error;
  }
}

export function closeAll({ v2, v3 }: Clients): void {
  v3?.close();
  v2.close();
}

/** One queue of calls for each number of the gateway's, whose quota is one. */
export class Limits {
  readonly #limiters = new Map<string, Limiter>();

  of(mch_id: string): Limiter {
    const limiter = this.#limiters.get(mch_id) ?? new Limiter();
    this.#limiters.set(mch_id, limiter);
    return limiter;
  }

  /**
   * Each server takes its share. Of different limits of one number the lowest counts.
   * @param servers How many there are.
   */
  share(merchants: readonly MerchantOptions[], servers: number): void {
    for (const [mch_id, limiter] of this.#limiters) {
      const own = merchants.filter((merchant) => merchant.mch_id === mch_id);
      // What is configured no longer keeps its limit.
      if (own.length === 0) continue;
      const given = own
        .flatMap(({ callsPerSecond, v3 }) => [callsPerSecond, v3?.callsPerSecond])
        .filter((limit) => typeof limit === 'number');
      limiter.callsPerSecond = given.length > 0 ? Math.min(...given) / servers : undefined;
    }
  }

  close(): void {
    for (const limiter of this.#limiters.values()) limiter.close();
  }
}
