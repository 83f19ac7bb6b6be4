import { randomBytes } from 'node:crypto';
import type { Difference } from '../bill/difference.js';
import { reconcile } from '../bill/reconcile.js';
import { InvalidParameterError } from '../errors.js';
import { FileJournal, usualKeep } from '../journal/file-journal.js';
import { isJournalRecord, type Journal, type JournalRecord, keyOf } from '../journal/journal.js';
import { PayClient } from '../pay/client.js';
import type { MerchantIdentity, PayClientOptions } from '../pay/options.js';
import { gatewayTimeOf, hasRail, type PaymentClient } from '../payment/client.js';
import type { Clock } from '../payment/clock.js';
import { resolvePolicies } from '../payment/decision/policies.js';
import { PaymentProcessor, type PaymentProcessorOptions } from '../payment/processor.js';
import { isFields } from '../unknown.js';
import type { Closing } from './closing.js';
import { seenOf } from './gateway-sight.js';
import type { HealthBoard } from './health.js';
import { checkPart, type Merchant } from './merchant.js';
import type { LocalMerchantOptions, TillOptions } from './till.js';
import type { TillMerchant } from './till-merchant.js';
import { type End, watched } from './watched.js';

/** A client of one's own may lack what only a PayClient can do. */
type Client = PaymentClient &
  Pick<PayClient, 'getWxpayfaceAuthinfo'> &
  Partial<Pick<PayClient, 'downloadBill' | 'hasCertificate'>>;

const calls: ReadonlySet<string> = new Set([
  'getWxpayfaceAuthinfo',
  ...['micropay', 'orderquery', 'reverse', 'facepay', 'facepayquery', 'facepayreverse', 'refund', 'refundquery'],
]);
const writes: ReadonlySet<string> = new Set(['create', 'put']);

/** Milliseconds. After a limit, calls were fewer for so long. */
const limitLasts = 60_000;
/** Milliseconds by which this machine's clock may differ from the gateway's, whose Date header counts whole seconds. */
const harmlessDifference = 30_000;

const day = 24 * 60 * 60 * 1000;

/** A number that no order has. */
const impossibleNumber = (): string => `TILL${randomBytes(14).toString('hex')}`;

const isJournal = (value: unknown): value is Journal => typeof Reflect.get(Object(value), 'create') === 'function';
type Given = LocalMerchantOptions['merchant'];

const isClient = (value: Given): value is Exclude<Given, PayClientOptions> => 'micropay' in value;

/** @throws InvalidParameterError */
function checkJournal(journal: unknown): void {
  if (isJournal(journal)) {
    checkPart('journal', journal, ['create', 'put', 'get', 'list'], 'a Journal');
    return;
  }
  const { folder, keep, mirror } = typeof journal === 'string' ? { folder: journal } : Object(journal);
  if (typeof folder !== 'string' || folder === '')
    throw new InvalidParameterError('journal', 'must be a folder, { folder, keep, mirror }, or a Journal');
  if (keep !== undefined && !(typeof keep === 'number' && keep >= 0))
    throw new InvalidParameterError('journal.keep', 'must be milliseconds');
  if (mirror !== undefined && (typeof mirror !== 'string' || mirror === ''))
    throw new InvalidParameterError('journal.mirror', 'must be a folder');
}

function makeClient(merchant: Given): { client: Client; close: () => void } {
  if (!isClient(merchant)) {
    const client = new PayClient(merchant);
    return { client, close: () => client.close() };
  }
  checkPart('merchant', merchant, ['getWxpayfaceAuthinfo', 'micropay', 'orderquery', 'reverse'], 'a PayClient');
  return { client: merchant, close: () => undefined };
}

interface OpenJournal {
  readonly journal: Journal;
  /** Milliseconds that what is finished is kept; undefined if that is its owner's matter. */
  readonly keep?: number;
}

async function openJournal(given: LocalMerchantOptions['journal'], closing: Closing): Promise<OpenJournal> {
  if (isJournal(given)) return { journal: given };
  const { folder, ...options } = typeof given === 'string' ? { folder: given } : given;
  const journal = await FileJournal.open(folder, options);
  closing.add(() => journal.close());
  return { journal, keep: options.keep ?? usualKeep };
}

/** What a till gives its merchant. */
export interface TillParts {
  readonly closing: Closing;
  readonly board: HealthBoard;
  readonly clock: Clock;
  readonly onOutcome: TillOptions['onOutcome'];
}

/**
 * The merchant's side in this very process. Nothing is opened yet.
 * @throws InvalidParameterError
 */
export function localTillMerchant(
  options: LocalMerchantOptions & Pick<TillOptions, 'rail'>,
): (parts: TillParts) => Promise<TillMerchant> {
  const { merchant, journal, polling, reversal, rail = 'micropay' } = options;
  checkJournal(journal);
  if (!isFields(merchant)) throw new InvalidParameterError('merchant', 'must be options of a PayClient, or a client');
  const { client, close } = makeClient(merchant);
  if (rail === 'facepay' && !hasRail(client, rail))
    throw new InvalidParameterError('rail', 'needs a client with the three facepay calls');
  const policies = { ...(polling && { polling }), ...(reversal && { reversal }) };
  resolvePolicies(policies, client.requestTimeout);
  return async (parts) => {
    parts.closing.add(close);
    return LocalTillMerchant.open(client, await openJournal(journal, parts.closing), policies, parts);
  };
}

class LocalTillMerchant implements TillMerchant {
  readonly identity: MerchantIdentity;
  readonly #client: Client;
  readonly #journal: Journal;
  readonly #keep: number | undefined;
  readonly #processor: PaymentProcessor;
  readonly #parts: TillParts;
  readonly #unfinished = new Set<string>();
  #limitedAt = Number.NEGATIVE_INFINITY;
  /** The journal did it when it was opened. */
  #prunedAt: number;

  static async open(
    client: Client,
    opened: OpenJournal,
    policies: Pick<PaymentProcessorOptions, 'polling' | 'reversal'>,
    parts: TillParts,
  ): Promise<LocalTillMerchant> {
    const unfinished: JournalRecord[] = [];
    for await (const record of opened.journal.list({ finished: false })) unfinished.push(record);
    return new LocalTillMerchant(client, opened, policies, parts, unfinished);
  }

  private constructor(
    client: Client,
    { journal, keep }: OpenJournal,
    policies: Pick<PaymentProcessorOptions, 'polling' | 'reversal'>,
    parts: TillParts,
    unfinished: readonly JournalRecord[],
  ) {
    const { board, clock, closing, onOutcome } = parts;
    this.#parts = parts;
    this.#keep = keep;
    this.#prunedAt = clock.monotonic();
    this.identity = client.identity;
    this.#client = watched(client, calls, (name, end) => this.#called(name, end));
    this.#journal = watched(journal, writes, (_, end, [record]) => this.#written(end, record));
    for (const record of unfinished) this.#unfinished.add(keyOf(record));
    board.set({ unfinished: this.#unfinished.size });
    board.warn('no-certificate', client.hasCertificate === false);
    this.#processor = new PaymentProcessor({
      client: this.#client,
      journal: this.#journal,
      clock,
      onOutcome,
      ...policies,
    });
    closing.add(() => this.#processor.close());
  }

  getWxpayfaceAuthinfo: Merchant['getWxpayfaceAuthinfo'] = (params, options) =>
    this.#client.getWxpayfaceAuthinfo(params, options);
  pay: Merchant['pay'] = (order, code, options) => this.#processor.pay(order, code, options);
  outcome: Merchant['outcome'] = (out_trade_no) => this.#processor.outcome(out_trade_no);
  cancel: PaymentProcessor['cancel'] = (out_trade_no) => this.#processor.cancel(out_trade_no);
  refund: PaymentProcessor['refund'] = (...given) => this.#processor.refund(...given);
  refunds: PaymentProcessor['refunds'] = (out_trade_no) => this.#processor.refunds(out_trade_no);
  refundSettled: PaymentProcessor['refundSettled'] = (out_refund_no) => this.#processor.refundSettled(out_refund_no);
  settled: PaymentProcessor['settled'] = (out_trade_no) => this.#processor.settled(out_trade_no);
  acknowledge: PaymentProcessor['acknowledge'] = (outcome) => this.#processor.acknowledge(outcome);

  async *reconcile(bill_date: string): AsyncGenerator<Difference, void, undefined> {
    const { downloadBill } = this.#client;
    if (downloadBill === undefined)
      throw new InvalidParameterError('merchant', 'must be a PayClient, or its options, to download a bill');
    const { sub_mch_id } = this.identity;
    const bill = await downloadBill({ bill_date });
    yield* reconcile({ bill, journal: this.#journal, bill_date, ...(sub_mch_id !== undefined && { sub_mch_id }) });
  }

  async look(): Promise<void> {
    // A query that finds nothing is signed and verified as any other.
    if (this.#parts.board.health.merchant !== 'reachable')
      await this.#client.orderquery({ out_trade_no: impossibleNumber() }).catch(() => undefined);
    this.#compareTimes();
    await this.#prune();
  }

  /** Once a day. */
  async #prune(): Promise<void> {
    const { clock } = this.#parts;
    if (this.#keep === undefined || clock.monotonic() - this.#prunedAt < day) return;
    this.#prunedAt = clock.monotonic();
    // If it can't be done now, tomorrow: nothing is lost by that.
    await this.#journal.prune(clock.wall() - this.#keep).catch(() => undefined);
  }

  #called(name: string, end: End): void {
    const { board, clock } = this.#parts;
    const { isReachable, isLimited, isCertificateRefused, isMerchantRefused } = seenOf(name, end);
    if (isReachable !== undefined) board.set({ merchant: isReachable ? 'reachable' : 'unreachable' });
    if (isCertificateRefused !== undefined) board.warn('certificate-refused', isCertificateRefused);
    if (isMerchantRefused !== undefined) board.warn('merchant-refused', isMerchantRefused);
    if (isLimited) this.#limitedAt = clock.monotonic();
    this.#compareTimes();
  }

  #compareTimes(): void {
    const { board, clock } = this.#parts;
    board.warn('limit', clock.monotonic() - this.#limitedAt < limitLasts);
    const there = gatewayTimeOf(this.#client);
    // Its second began up to a second before it answered.
    if (there !== undefined) board.warn('clock', Math.abs(clock.wall() - there - 500) > harmlessDifference);
  }

  #written(end: End, record: unknown): void {
    if ('error' in end || !isJournalRecord(record)) return;
    if (record.finished) this.#unfinished.delete(keyOf(record));
    else this.#unfinished.add(keyOf(record));
    this.#parts.board.set({ unfinished: this.#unfinished.size });
  }
}
