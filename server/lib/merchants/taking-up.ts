import type { Journal, JournalRecord, PaymentProcessor } from 'wxpay-face';
import { PostgresJournal } from '../journal/postgres-journal.js';

/* What a good certificate lets go on: sales not reversed, and refunds not sent, because there was none. */

/** All that a person has to look at; in a database only what nobody has seen to by hand. */
async function* attentionIn(journal: Journal): AsyncIterable<JournalRecord> {
  if (journal instanceof PostgresJournal) return yield* journal.attention();
  for await (const record of journal.list({ finished: true })) if (record.state === 'attention') yield record;
}

/**
 * Takes up what ended as 'attention' by its certificate. What fails again ends so again.
 * @throws JournalError if the journal can't be read.
 */
export async function takeUpUncertified(processor: PaymentProcessor, journal: Journal): Promise<void> {
  for await (const { kind, id, data } of attentionIn(journal)) {
    const isTaken = kind === 'payment' ? takeUpPayment(processor, id) : takeUpRefund(processor, id, data);
    // One that can't be taken up keeps no other from it.
    await isTaken.catch(() => undefined);
  }
}

async function takeUpPayment(processor: PaymentProcessor, out_trade_no: string): Promise<void> {
  const outcome = await processor.outcome(out_trade_no);
  if (outcome?.status === 'attention' && outcome.code === 'certificate') await processor.cancel(out_trade_no);
}

async function takeUpRefund(
  processor: PaymentProcessor,
  out_refund_no: string,
  { out_trade_no }: JournalRecord['data'],
): Promise<void> {
  if (typeof out_trade_no !== 'string') return;
  const refunds = await processor.refunds(out_trade_no);
  const refund = refunds.find((each) => each.out_refund_no === out_refund_no);
  if (refund?.status !== 'attention' || refund.code !== 'certificate') return;
  await processor.refund(out_trade_no, { out_refund_no, refund_fee: refund.refund_fee });
}
