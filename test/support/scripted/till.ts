import { JournalError } from '../../../lib/journal/errors.js';
import type { Journal } from '../../../lib/journal/journal.js';
import { MemoryJournal } from '../../../lib/journal/memory-journal.js';
import { PayProtocolError, PayTransportError } from '../../../lib/pay/errors.js';
import type { PaymentOutcome } from '../../../lib/payment/decision/outcomes.js';
import type { RefundOutcome } from '../../../lib/payment/decision/refund/outcomes.js';
import { PaymentProcessor, type PaymentProcessorOptions } from '../../../lib/payment/processor.js';
import { SimulatedClock } from '../simulated/clock.js';
import { type Call, failed, isPaid, type Scripts, scriptedClient } from './client.js';

/* A till on simulated time, before a gateway that answers by a script. */

/** What onOutcome hears. */
export type Outcome = PaymentOutcome | RefundOutcome;

export const order = { out_trade_no: 'A1', total_fee: 100, body: 'Tea' };
export const code = { auth_code: '120061098828009406' };
export const lost = new PayTransportError('no answer came in time', true);
export const unsent = new PayTransportError('connection refused', false);
export const refused = new PayProtocolError('micropay', 'FAIL', '签名错误');
export const missing = failed('ORDERNOTEXIST');
export const paid = isPaid('A1', 100);
export const awaiting = { reversal: { mode: 'await' } } as const;

/** A till, its journal, and a gateway that answers by the script. */
export function till(scripts: Scripts, options: Partial<PaymentProcessorOptions> = {}) {
  const clock = new SimulatedClock();
  const client = scriptedClient(() => clock.monotonic(), scripts);
  const journal = options.journal ?? new MemoryJournal();
  const start = (change: Partial<PaymentProcessorOptions> = {}) =>
    new PaymentProcessor({ client, journal, clock, ...options, ...change });
  const processor = start();
  const pay = () => clock.until(processor.pay(order, code));
  return { clock, client, journal, processor, start, pay };
}

export async function all(outcomes: AsyncIterable<PaymentOutcome>): Promise<PaymentOutcome[]> {
  const told = [];
  for await (const outcome of outcomes) told.push(outcome);
  return told;
}

export const methods = (calls: readonly Call[]) => calls.map(({ method }) => method);

/** A journal whose writes fail as long as `broken` says. */
export function fragile(broken: (state: string) => boolean): Journal {
  const journal = new MemoryJournal();
  const fail = () => Promise.reject(new JournalError('no space left on device'));
  return {
    create: (record) => (broken(record.state) ? fail() : journal.create(record)),
    put: (record) => (broken(record.state) ? fail() : journal.put(record)),
    get: (kind, id) => journal.get(kind, id),
    list: (filter) => journal.list(filter),
    prune: (before) => journal.prune(before),
    close: () => journal.close(),
  };
}
