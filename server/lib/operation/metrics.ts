import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Health } from '../http/health.js';
import { onEvent } from './events.js';
import type { Count, Ledger } from './ledger.js';

/*
 * What Prometheus reads. What the journals can tell is counted there, for all servers on a database alike, and so survives each of
 * them; the rest is of this process since its start. No label is a number, a person's, or a secret.
 */

/** Seconds: a payment without a password takes one or two, one with a password half a minute, a reversal some more. */
const payments = [0.25, 0.5, 1, 2, 3, 5, 10, 20, 30, 45, 60, 90, 120, 300, 900, 3_600];
const calls = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20];
/** A payment waits for 15 at most. */
const waits = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60];
/** How many payments that have not ended yet are timed. */
const most = 100_000;

/** Of the process, whatever servers there are in it. */
let ofProcess: Registry | undefined;

function processRegistry(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}

export interface MetricsParts {
  /** The id of the server's start. */
  readonly server: string;
  readonly version: string;
  readonly ledger: Ledger;
  readonly health: () => Health;
  /** Undefined without a database. */
  readonly isLeaseGood: (() => boolean) | undefined;
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #ledger: Ledger;
  readonly #requests: Counter<'method' | 'route' | 'status'>;
  readonly #stop: ReadonlyArray<() => void>;

  constructor({ server, version, ledger, health, isLeaseGood }: MetricsParts) {
    const registers = [this.#registry];
    this.#ledger = ledger;
    this.#registerLedger(registers);
    new Gauge({
      name: 'wxpay_face_server_info',
      help: 'Which server this is: the id of its start',
      labelNames: ['server', 'version'],
      registers,
    }).set({ server, version }, 1);
    const gauges: ReadonlyArray<readonly [string, string, () => boolean]> = [
      ['wxpay_face_can_pay', '1 while a payment can be taken now', () => health().canPay],
      ['wxpay_face_ready', '1 while requests should be sent here', () => health().isReady],
      ...(isLeaseGood === undefined
        ? []
        : [['wxpay_face_lease_good', '1 while the lease is good: nobody takes payments over', isLeaseGood] as const]),
    ];
    for (const [name, help, isSo] of gauges)
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(isSo() ? 1 : 0);
        },
      });
    this.#requests = new Counter({
      name: 'wxpay_face_http_requests_total',
      help: 'Requests of terminals that were answered, of this process: status 429 is a limit',
      labelNames: ['method', 'route', 'status'],
      registers,
    });
    const takeovers = new Counter({
      name: 'wxpay_face_takeovers_total',
      help: 'Records that this process took over from servers that had ended or lost their lease',
      registers,
    });
    const leases = new Counter({
      name: 'wxpay_face_leases_lost_total',
      help: 'How often the lease of this process was over before it could be renewed',
      registers,
    });
    this.#stop = [
      onEvent(({ event, server: whose, count }) => {
        if (whose !== server) return;
        if (event === 'taken-over') takeovers.inc(Number(count));
        if (event === 'lease-lost') leases.inc();
      }),
      this.#watchCalls(registers),
      this.#watchPayments(registers),
    ];
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Of the process and of what it serves. */
  text(): Promise<string> {
    return Registry.merge([this.#registry, processRegistry()]).metrics();
  }

  /** A request was answered. @param route As it is declared: never the address itself, which has numbers. */
  answered(method: string, route: string, status: number): void {
    this.#requests.inc({ method, route, status });
  }

  close(): void {
    for (const stop of this.#stop) stop();
  }

  #registerLedger(registers: Registry[]): void {
    const ledger = this.#ledger;
    const counted = (): Promise<Count[] | undefined> => ledger.counts().catch(() => undefined);
    new Gauge({
      name: 'wxpay_face_journal_up',
      help: '1 if the journal could be counted for this answer; else what it tells is missing',
      registers,
      async collect() {
        this.set((await counted()) === undefined ? 0 : 1);
      },
    });
    const finished: ReadonlyArray<readonly [Count['kind'], string, string]> = [
      ['payment', 'wxpay_face_payments_total', 'Payments that have ended, of all servers, by how they stand now'],
      ['refund', 'wxpay_face_refunds_total', 'Refunds that have ended, of all servers, by how they stand now'],
    ];
    for (const [of, name, help] of finished)
      new Counter({
        name,
        help,
        labelNames: ['merchant', 'outcome'],
        registers,
        async collect() {
          const counts = await counted();
          this.reset();
          for (const { merchant, kind, state, finished: isFinished, count } of counts ?? [])
            if (kind === of && isFinished) this.inc({ merchant, outcome: state }, count);
        },
      });
    const standing: ReadonlyArray<readonly [string, string, (count: Count) => boolean]> = [
      [
        'wxpay_face_unfinished',
        'Payments and refunds that have not ended, of all servers',
        ({ finished: isFinished }) => !isFinished,
      ],
      [
        'wxpay_face_unknown',
        'Those of which the gateway was asked and whose end is unknown: they are queried, or reversed',
        ({ finished: isFinished, state }) => !isFinished && state !== 'submitting',
      ],
      [
        'wxpay_face_attention',
        'Those that a person must look at, and nobody has acknowledged',
        ({ state, acknowledged, finished: isFinished }) => isFinished && state === 'attention' && !acknowledged,
      ],
    ];
    for (const [name, help, applies] of standing)
      new Gauge({
        name,
        help,
        labelNames: ['merchant', 'kind'],
        registers,
        async collect() {
          const counts = await counted();
          this.reset();
          for (const count of counts ?? []) {
            const { merchant, kind } = count;
            // A zero is said, so that an alarm knows that there is none.
            this.inc({ merchant, kind }, applies(count) ? count.count : 0);
          }
        },
      });
  }

  #watchCalls(registers: Registry[]): () => void {
    const latency = new Histogram({
      name: 'wxpay_face_gateway_seconds',
      help: 'Calls of the gateway, without their wait for a limit, by name and end: SUCCESS, FAIL, or the code of an error',
      labelNames: ['call', 'outcome'],
      buckets: calls,
      registers,
    });
    const waiting = new Histogram({
      name: 'wxpay_face_limiter_seconds',
      help: 'What calls waited for their merchant’s limit on calls before they left, or did not leave',
      labelNames: ['call'],
      buckets: waits,
      registers,
    });
    const limited = new Counter({
      name: 'wxpay_face_gateway_limited_total',
      help: 'Calls that the gateway refused because there were too many',
      labelNames: ['call'],
      registers,
    });
    const hear = (message: unknown): void => {
      const { name, duration, waited, outcome, err_code } = Object(message);
      // A call by its path could have anything in it.
      const call = String(name).startsWith('/') ? 'other' : String(name);
      latency.observe({ call, outcome: String(outcome) }, (Number(duration) - Number(waited)) / 1_000);
      waiting.observe({ call }, Number(waited) / 1_000);
      if (err_code === 'FREQUENCY_LIMITED' || err_code === 'RATELIMIT_EXCEEDED') limited.inc({ call });
    };
    subscribe('wxpay-face.pay.call', hear);
    return () => void unsubscribe('wxpay-face.pay.call', hear);
  }

  #watchPayments(registers: Registry[]): () => void {
    const seconds = new Histogram({
      name: 'wxpay_face_payment_seconds',
      help: 'From a payment’s first record to its end, of those that began and ended in this process',
      labelNames: ['outcome'],
      buckets: payments,
      registers,
    });
    const begun = new Map<string, number>();
    const hear = (message: unknown): void => {
      const { out_trade_no, state, phase } = Object(message);
      const began = begun.get(out_trade_no);
      if (state === 'submitting' && began === undefined) {
        const [oldest] = begun.keys();
        if (begun.size >= most && oldest !== undefined) begun.delete(oldest);
        begun.set(String(out_trade_no), performance.now());
      }
      if (phase !== 'finished' || began === undefined) return;
      begun.delete(out_trade_no);
      seconds.observe({ outcome: String(state) }, (performance.now() - began) / 1_000);
    };
    subscribe('wxpay-face.payment.phase', hear);
    return () => void unsubscribe('wxpay-face.payment.phase', hear);
  }
}
