import {
  PayMismatchError,
  PayProtocolError,
  PayResponseError,
  PaySignatureError,
  PayTransportError,
} from '../../../lib/pay/errors.js';
import type { RefundParams, RefundResult } from '../../../lib/pay/refund.js';
import type { RefundQueryResult, RefundRef } from '../../../lib/pay/refundquery.js';
import type { RequestOptions } from '../../../lib/pay/request.js';
import type { PayResult, QueryResult, ReverseResult } from '../../../lib/pay/results.js';
import type { PaymentClient } from '../../../lib/payment/client.js';
import { hear, type Said, speak, unsigned } from './api-v3.js';
import type { SimulatedClock } from './clock.js';
import { type Api, failed, type Kind, merchant, type SimulatedGateway } from './gateway.js';
import type { Random } from './random.js';
import type { TillClock } from './till-clock.js';

/* A till's client, and the network between it and the gateway, which loses, delays and doubles. Times in ms. */

export const requestTimeout = 20_000;
export const connectTimeout = 6_000;

/** What a client does of what PayClient does; somebody's own may do less. */
export interface Traits {
  /** Gives a request up after `requestTimeout`. */
  readonly isBounded: boolean;
  /** Asks `mayLeave` before the first byte. */
  readonly asks: boolean;
  /** Ends a request by its signal, and reads what lies in the socket before a late timer ends it. */
  readonly heeds: boolean;
  readonly hasGatewayTime: boolean;
  /** As PayClientV3: codepay of API v3, beside v2. */
  readonly api: Api;
  /** Which of them takes the codes of faces. */
  readonly faceCodes: Api;
}

export type Reply = PayResult | QueryResult | ReverseResult | RefundResult | RefundQueryResult;

/** Whoever watches the calls of one till: of refunds by their own numbers, but for the refundquery of a whole sale. */
export interface Witness {
  /** One more step: true where the till dies at it. */
  step(): boolean;
  /** The till calls its client. */
  called(kind: Kind, number: string): void;
  /** The till is about to have a refund sent. */
  refunding(params: RefundParams): void;
  /** The first byte leaves. */
  left(kind: Kind, number: string): void;
  /** An answer lies in the socket. */
  arrived(kind: Kind, number: string, reply: Reply): void;
  /** The till reads it. */
  heard(kind: Kind, number: string, reply: Reply, fresh: boolean): void;
  failed(kind: Kind, number: string, error: unknown): void;
}

export interface Network {
  readonly clock: SimulatedClock;
  readonly gateway: SimulatedGateway;
  readonly random: Random;
  /** What becomes of refunds. */
  readonly refundRandom: Random;
  /** Share of calls that go wrong. */
  readonly faults: number;
  /** Whoever stands between answers most queries by API v3, and has no key. */
  readonly hasPortal: boolean;
  /** A request never arrives later than this after it was begun; or after it has ended, if it has no bound. */
  readonly latest: number;
}

/** A mistake in reading API v3: what is read, instead of what came. */
export type Misread = (kind: Kind, params: Readonly<Record<string, unknown>>, said: Said) => Said;

interface Question<T> {
  readonly kind: Kind;
  /** Of what is asked: a refund's own, or its sale's. */
  readonly out_trade_no: string;
  /** By which field. */
  readonly named?: 'out_trade_no' | 'out_refund_no';
  readonly ask: (latestAt: number) => T;
  readonly limit: () => T;
  /** Verified answers to another question. */
  readonly others?: { readonly stray: () => T; readonly nameless: () => T };
  /** By API v3: how what comes over the wire is read. */
  readonly hear?: ((said: Said) => T) | undefined;
}

const everyFault = [
  'unsent',
  'lost',
  'late',
  'unheard',
  'reset',
  'garbled',
  'foreign',
  'doubled',
  'refused',
  'limited',
];
const queryFaults = [...everyFault, 'stray', 'nameless'];
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

export class SimulatedClient {
  readonly #network: Network;
  readonly #till: TillClock;
  readonly #traits: Traits;
  readonly #witness: Witness;
  /** The last Date header, and when it was read. */
  #date: { readonly gateway: number; readonly at: number } | undefined;
  readonly #refused = new Set<string>();
  readonly #misread: Misread;

  /** @param misread Default: nothing. */
  constructor(
    network: Network,
    till: TillClock,
    traits: Traits,
    witness: Witness,
    misread: Misread = (_kind, _params, said) => said,
  ) {
    this.#network = network;
    this.#till = till;
    this.#traits = traits;
    this.#witness = witness;
    this.#misread = misread;
  }

  /** What the processor sees. */
  client(): PaymentClient {
    const { api, faceCodes } = this.#traits;
    const v2 = this.#clientOf('v2');
    if (api === 'v2') return v2;
    const { refund, refundquery, ...v3 } = this.#clientOf('v3');
    const ofSale = v2.refundquery;
    return {
      ...{ ...v2, ...v3, rail: 'codepay', v2, faceCodes },
      ...(refund && { refund }),
      // API v3 knows no query for all refunds of a sale.
      ...(refundquery &&
        ofSale && {
          refundquery: (ref, options) => ('out_refund_no' in ref ? refundquery(ref, options) : ofSale(ref, options)),
        }),
    };
  }

  #hearing<K extends Kind>(api: Api, kind: K, params: Readonly<Record<string, unknown>>) {
    if (api === 'v2') return undefined;
    const read = hear[kind];
    return (said: Said) => read(params, this.#misread(kind, params, said));
  }

  #clientOf(api: Api): PaymentClient {
    const { gateway } = this.#network;
    const { isBounded, hasGatewayTime } = this.#traits;
    const isKnown = (out_trade_no: string) => (gateway.takenBy.get(out_trade_no) ?? api) === api;
    const number = ({ out_trade_no = '' }: { out_trade_no?: string }) => out_trade_no;
    const pay = (order: { out_trade_no: string; total_fee: number }, options: RequestOptions = {}) =>
      this.#call<PayResult>(options, {
        kind: 'pay',
        out_trade_no: order.out_trade_no,
        hear: this.#hearing(api, 'pay', order),
        ask: (latestAt) => {
          gateway.takenBy.set(order.out_trade_no, api);
          return gateway.pay(order.out_trade_no, order.total_fee, latestAt);
        },
        limit: () => gateway.limit('pay'),
      });
    const query = (order: { out_trade_no?: string }, options: RequestOptions = {}) =>
      this.#call<QueryResult>(options, {
        kind: 'query',
        out_trade_no: number(order),
        hear: this.#hearing(api, 'query', order),
        ask: () => {
          if (!isKnown(number(order))) return failed('ORDERNOTEXIST');
          // A sale of another program is of the API that finds it.
          if (gateway.book.has(number(order))) gateway.takenBy.set(number(order), api);
          return gateway.query(number(order));
        },
        limit: () => gateway.limit('query'),
        others: {
          stray: () => failed('ORDERNOTEXIST'),
          nameless: () => ({
            return_code: 'SUCCESS',
            ...merchant,
            result_code: 'SUCCESS',
            trade_state: this.#network.random.pick(['REVOKED', 'CLOSED', 'NOTPAY', 'REFUND']),
          }),
        },
      });
    const reverse = (order: { out_trade_no?: string }, options: RequestOptions = {}) =>
      this.#call<ReverseResult>(options, {
        kind: 'reverse',
        out_trade_no: number(order),
        hear: this.#hearing(api, 'reverse', order),
        ask: () => gateway.reverse(isKnown(number(order)) ? number(order) : `not ${number(order)}`, api),
        limit: () => gateway.limit('reverse'),
      });
    return {
      identity: merchant,
      ...(isBounded && { requestTimeout, connectTimeout }),
      ...(hasGatewayTime && { gatewayTime: () => this.gatewayTime() }),
      micropay: pay,
      facepay: pay,
      orderquery: query,
      facepayquery: query,
      reverse,
      facepayreverse: reverse,
      ...(gateway.refunds !== undefined && this.#refundCalls(api)),
    };
  }

  #refundCalls(api: Api): Required<Pick<PaymentClient, 'refund' | 'refundquery'>> {
    const { gateway } = this.#network;
    const refund = (params: RefundParams, options: RequestOptions = {}) => {
      this.#witness.refunding(params);
      const request = {};
      return this.#call<RefundResult>(options, {
        kind: 'refund',
        out_trade_no: params.out_refund_no,
        hear: this.#hearing(api, 'refund', { ...params }),
        ask: () => gateway.refund(params, request, api),
        limit: () => gateway.limit('refund'),
      });
    };
    const refundquery = (ref: RefundRef, options: RequestOptions = {}) => {
      const out_refund_no = 'out_refund_no' in ref ? ref.out_refund_no : undefined;
      const out_trade_no = 'out_trade_no' in ref ? ref.out_trade_no : '';
      return this.#call<RefundQueryResult>(options, {
        kind: 'refundquery',
        ...(out_refund_no !== undefined && { named: 'out_refund_no' as const }),
        out_trade_no: out_refund_no ?? out_trade_no,
        hear: this.#hearing(api, 'refundquery', { ...ref }),
        ask: () => gateway.refundquery(out_refund_no === undefined ? { out_trade_no } : { out_refund_no }, api),
        limit: () => gateway.limit('refundquery'),
        others: {
          stray: () => failed('REFUNDNOTEXIST'),
          nameless: () => ({
            ...{ return_code: 'SUCCESS', ...merchant, result_code: 'SUCCESS' },
            ...{ out_trade_no: 'Y', total_fee: 1 },
            refunds: [{ out_refund_no: 'Y', refund_id: '50Y', refund_fee: 1, refund_status: 'SUCCESS' }],
          }),
        },
      });
    };
    return { refund, refundquery };
  }

  gatewayTime(): number | undefined {
    return this.#date && this.#date.gateway + this.#till.monotonic() - this.#date.at;
  }

  #call<T extends Reply>({ signal, mayLeave, fresh = false }: RequestOptions, question: Question<T>): Promise<T> {
    const { kind, out_trade_no } = question;
    const { clock } = this.#network;
    const random = this.#randomOf(kind);
    const [till, witness, { isBounded, asks, heeds }] = [this.#till, this.#witness, this.#traits];
    if (witness.step()) return never();
    witness.called(kind, out_trade_no);
    return new Promise((resolve, reject) => {
      let [isOver, hasLeft, isUnread] = [false, false, false];
      let endedAt = Number.POSITIVE_INFINITY;
      const end = (settle: () => void) => {
        if (isOver) return;
        isOver = true;
        endedAt = clock.monotonic();
        takeBack?.();
        signal?.removeEventListener('abort', abort);
        if (!witness.step()) settle();
      };
      const fail = (error: unknown) =>
        end(() => {
          witness.failed(kind, out_trade_no, error);
          reject(error);
        });
      const abort = () => fail(new PayTransportError('aborted', hasLeft, { why: 'aborted' }));
      const giveUp = () => {
        if (isUnread && heeds) return;
        fail(new PayTransportError('too late', hasLeft, { why: hasLeft ? 'response-timeout' : 'connect-timeout' }));
      };
      const takeBack = isBounded ? till.at(requestTimeout, giveUp) : undefined;
      if (heeds) {
        if (signal?.aborted) return abort();
        signal?.addEventListener('abort', abort, { once: true });
      }
      const fault = this.#fault(question, fresh);
      const connecting = this.#connecting(kind);
      if (isBounded && connecting > connectTimeout)
        return void till.at(connectTimeout, () =>
          fail(new PayTransportError('not connected in time', hasLeft, { why: 'connect-timeout' })),
        );
      const latestAt = clock.monotonic() + this.#network.latest;
      const leave = () => {
        if (isOver) return;
        if (fault === 'unsent') return fail(new PayTransportError('refused', false, { why: 'unreachable' }));
        if (asks && mayLeave?.() === false)
          return fail(new PayTransportError('withdrawn', false, { why: 'withdrawn' }));
        hasLeft = true;
        witness.left(kind, out_trade_no);
        const duration = isBounded ? 0 : random.between(1_000, random.chance(0.5) ? 3_600_000 : 60_000);
        if (!isBounded) clock.at(duration, () => till.hear(() => fail(new PayTransportError('reset', true))));
        const until = isBounded ? latestAt : clock.monotonic() + duration + this.#network.latest;
        this.#travel(question, fault, until, {
          read: (reply) => {
            if (isOver) return;
            isUnread = true;
            if ('value' in reply) witness.arrived(kind, out_trade_no, reply.value);
            const date = this.#network.gateway.date();
            till.hear(() => {
              if (isOver) return;
              this.#date = { gateway: date, at: till.monotonic() };
              if ('error' in reply) return fail(reply.error);
              end(() => {
                witness.heard(kind, out_trade_no, reply.value, fresh);
                resolve(reply.value);
              });
            });
          },
          fail: (error) => till.hear(() => fail(error)),
          over: () => Math.max(till.dead, clock.monotonic() - endedAt),
        });
        witness.step();
      };
      clock.at(connecting, () => till.hear(leave));
    });
  }

  #randomOf(kind: Kind): Random {
    const { random, refundRandom } = this.#network;
    return kind === 'refund' || kind === 'refundquery' ? refundRandom : random;
  }

  #connecting(kind: Kind): number {
    const random = this.#randomOf(kind);
    if (kind !== 'pay' || random.chance(0.6)) return random.between(0, 50);
    if (!this.#traits.isBounded && random.chance(0.2)) return random.between(0, 600_000);
    return random.between(0, random.chance(0.7) ? connectTimeout : 30_000);
  }

  #fault({ kind, out_trade_no, hear }: Question<unknown>, fresh: boolean): string | undefined {
    const { gateway, faults, hasPortal } = this.#network;
    const random = this.#randomOf(kind);
    if (kind === 'pay' && gateway.losesPayment(out_trade_no)) return 'lost';
    if (kind === 'refundquery' && !fresh && faults > 0 && random.chance(0.3)) return 'stray';
    if (kind === 'refund' && gateway.refunds?.delays(out_trade_no)) return 'late';
    const isQuery = kind === 'query' || kind === 'refundquery';
    if (gateway.isCalm(kind)) return undefined;
    if (hasPortal && isQuery && hear !== undefined && random.chance(0.8)) return 'garbled';
    if (!random.chance(faults)) return undefined;
    // What a client without a bound is there for.
    if (kind === 'pay' && !this.#traits.isBounded && random.chance(0.5)) return 'late';
    const fault = random.pick(isQuery ? queryFaults : everyFault);
    // What came while a connection was free is never read over one that is opened for this question.
    return fault === 'stray' && fresh ? undefined : fault;
  }

  #travel<T extends Reply>(
    { kind, out_trade_no, named = 'out_trade_no', ask, limit, others, hear }: Question<T>,
    fault: string | undefined,
    latestAt: number,
    line: { read(reply: { value: T } | { error: unknown }): void; fail(error: unknown): void; over(): number },
  ): void {
    const { clock, gateway } = this.#network;
    const random = this.#randomOf(kind);
    const latency = () => random.between(5, random.chance(0.1) ? 8_000 : 200);
    const attempt = (read: () => T): { value: T } | { error: unknown } => {
      try {
        return { value: read() };
      } catch (error) {
        return { error };
      }
    };
    const isFaulty = () => !gateway.isCalm(kind) && random.chance(this.#network.faults / 2);
    const said = (answer: () => T) =>
      attempt(() => (hear === undefined ? answer() : hear(speak(kind, isFaulty(), answer))));
    const answer = (how: () => T) => {
      const reply = said(how);
      clock.at(latency(), () => line.read(reply));
    };
    const arrive = (isHeard: boolean) => {
      // Who gives a request up, or dies, takes the socket with it.
      const rest = this.#network.latest - line.over();
      if (rest < 0) return;
      const reply = said(() => ask(Math.min(latestAt, clock.monotonic() + rest)));
      if (isHeard) clock.at(latency(), () => line.read(reply));
    };
    const throws = (error: Error) => () => {
      throw error;
    };
    const late = () => random.between(0, latestAt - clock.monotonic());
    const arriveUnheard = () => {
      clock.at(latency(), () => arrive(false));
    };
    switch (fault) {
      case undefined:
        clock.at(latency(), () => arrive(true));
        return;
      case 'lost':
        return;
      case 'late':
        // Also after a request without a bound has ended.
        clock.at(
          random.chance(0.5) ? late() : latestAt - clock.monotonic() - random.between(0, this.#network.latest),
          () => arrive(random.chance(0.5)),
        );
        return;
      case 'unheard':
        arriveUnheard();
        return;
      case 'reset':
        arriveUnheard();
        clock.at(500, () => line.fail(new PayTransportError('connection reset', true)));
        return;
      case 'garbled': {
        arriveUnheard();
        if (hear !== undefined) {
          const reply = attempt(() => hear(unsigned(kind, random)));
          clock.at(latency(), () => line.read(reply));
          return;
        }
        const errors = [new PaySignatureError('wrong'), new PayResponseError('HTTP 502'), new TypeError('a bug')];
        answer(throws(random.pick(errors)));
        return;
      }
      case 'foreign':
        arriveUnheard();
        answer(throws(new PayMismatchError(named, 'a replay')));
        return;
      case 'doubled': {
        const isSecondHeard = random.chance(0.3);
        const [first, second] = [latency(), late()];
        clock.at(first, () => arrive(!isSecondHeard));
        clock.at(second, () => arrive(isSecondHeard));
        // The copy that is heard may come after the other: its own order's answer then says ORDERPAID.
        if (kind === 'pay' && (isSecondHeard || first > second)) gateway.puzzling.add(out_trade_no);
        return;
      }
      case 'refused': {
        if (random.chance(0.5)) arriveUnheard();
        if (kind === 'pay' || this.#refused.has(out_trade_no)) gateway.puzzling.add(out_trade_no);
        this.#refused.add(out_trade_no);
        answer(throws(new PayProtocolError(kind, 'FAIL', '系统繁忙')));
        return;
      }
      case 'limited':
        answer(limit);
        return;
      case 'stray':
        if (others) answer(others.stray);
        return;
      default:
        if (others) answer(others.nameless);
    }
  }
}
