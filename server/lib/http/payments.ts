import {
  isGivenUp,
  type JournalRecord,
  type Order,
  OrderExistsError,
  type PaymentCode,
  type PaymentOutcome,
  type PaymentProgress,
} from 'wxpay-face';
import { PostgresJournal } from '../journal/postgres-journal.js';
import {
  type Caller,
  demand,
  ensureOwn,
  lineOf,
  noteIn,
  noteOf,
  ownPayment,
  visiblePayment,
  watching,
} from './caller.js';
import { forbidden, invalid, takenNumber, unknownNumber } from './refusals.js';
import { before, type Deadline, lookUntil } from './waiting.js';

/* What a terminal does with its payments. An answer of undefined: nothing is decided yet. */

export type Until = 'decided' | 'final';

type PaymentReply = PaymentOutcome | undefined;

/** Characters of a shop's number at the gateway. */
const longestShop = 32;

/** @param attempt Of this very attempt to pay: the same again is not paid again. */
export async function pay(
  caller: Caller,
  out_trade_no: string,
  { order, code }: { order: Omit<Order, 'out_trade_no'> & { out_trade_no?: string }; code: PaymentCode },
  { attempt, deadline }: { attempt: string | undefined; deadline: Deadline },
): Promise<PaymentReply> {
  demand(caller, 'pay');
  const { processor, journal, progress } = caller.merchant;
  if ((order.out_trade_no ?? out_trade_no) !== out_trade_no)
    throw invalid('order.out_trade_no is not the number in the address');
  const again = async (record: JournalRecord): Promise<PaymentReply> => {
    const { terminal, attempt: first } = noteIn(record);
    if (attempt === undefined || terminal !== caller.terminal.id || first !== attempt) throw takenNumber();
    return decided(caller, out_trade_no, 'decided', deadline);
  };
  const known = await journal.get('payment', out_trade_no);
  if (known !== undefined) return again(known);
  await caller.ensureUnknown(out_trade_no);
  let isWrittenDown = false;
  const writtenDown = Promise.withResolvers<void>();
  // The first step is told when the first record is stored.
  const onProgress = (step: PaymentProgress) => {
    progress.tell(step);
    isWrittenDown = true;
    writtenDown.resolve();
  };
  const note = noteOf(caller, attempt);
  const paying = processor
    .pay({ ...shopOf(caller), ...order, out_trade_no }, code, { note, onProgress })
    .finally(() => progress.forget(out_trade_no));
  try {
    // However short the wait: an answer says that it's known here.
    await Promise.race([paying, writtenDown.promise]);
    return await before(paying, deadline);
  } catch (error) {
    if (error instanceof OrderExistsError) {
      const record = await journal.get('payment', out_trade_no);
      if (record === undefined) throw takenNumber();
      return again(record);
    }
    // It goes on, whatever is the matter here.
    if (isWrittenDown) return undefined;
    throw error;
  }
}

/** API v3 wants to know of every payment in which shop it is; the order may say it otherwise. */
function shopOf({ terminal: { store_id }, merchant: { isByV3 } }: Caller): Pick<Order, 'scene_info'> {
  return isByV3 && store_id.length <= longestShop
    ? { scene_info: JSON.stringify({ store_info: { id: store_id } }) }
    : {};
}

export async function look(
  caller: Caller,
  out_trade_no: string,
  until: Until,
  deadline: Deadline,
): Promise<PaymentReply> {
  await visiblePayment(caller, out_trade_no);
  return decided(caller, out_trade_no, until, deadline);
}

/** @throws RefusedError if it's paid, and the terminal may not give such a one up. */
function ensureMayGiveUp({ terminal }: Caller, { state }: JournalRecord): void {
  if (state === 'paid' && !terminal.can.includes('cancel')) throw forbidden('give a paid sale up');
}

/** Gives it up: durable when answered. A number that has not come yet is given up, too. */
export async function cancel(caller: Caller, out_trade_no: string, deadline: Deadline): Promise<PaymentReply> {
  const { journal, processor } = caller.merchant;
  const known = await journal.get('payment', out_trade_no);
  if (known !== undefined) ensureMayGiveUp(caller, ensureOwn(caller, known));
  // Of one that can't pay no payment comes.
  else if (!caller.terminal.can.includes('pay')) throw unknownNumber();
  // It may have been paid.
  else await caller.ensureUnknown(out_trade_no);
  // Asked for again, it is not another act.
  if (known === undefined || known.state === 'paid' || !(known.finished || isGivenUp(known)))
    await caller.audit.write(lineOf(caller, { action: 'cancel', number: out_trade_no }));
  if (known === undefined) {
    await giveUpEarly(caller, out_trade_no);
    ensureMayGiveUp(caller, await ownPayment(caller, out_trade_no));
  }
  const cancelling = processor.cancel(out_trade_no);
  // What goes on is written down before it's said. If no other server may run it, that is its outcome.
  if (journal.requestCancel === undefined) return cancelling;
  const outcome = await before(cancelling, deadline);
  if (outcome !== undefined) return outcome;
  await journal.requestCancel(out_trade_no);
  // What goes on keeps that. What has ended doesn't: whether it's given up is known when the processor has written it down.
  const now = await journal.get('payment', out_trade_no);
  return now?.finished ? cancelling : undefined;
}

/**
 * Keeps a number that has not come from being sold later, and as this terminal's, like a sale of it: for others it's in use, and nobody
 * learns whose it is. Whoever may pay could take the number as well, so that this blocks nothing that could not be blocked before.
 */
async function giveUpEarly(caller: Caller, out_trade_no: string): Promise<void> {
  const data = { note: noteOf(caller, undefined) };
  const end = { state: 'cancelled', finished: true, acknowledged: true, updatedAt: Date.now(), data };
  try {
    await caller.merchant.journal.create({ schema: 1, kind: 'payment', id: out_trade_no, revision: 1, ...end });
  } catch (error) {
    // It has come just now, or is another sub-merchant's.
    if (!(error instanceof OrderExistsError)) throw error;
  }
}

export async function acknowledge(caller: Caller, out_trade_no: string, revision: number): Promise<void> {
  const { finished, acknowledged } = await ownPayment(caller, out_trade_no);
  if (finished && !acknowledged)
    await caller.audit.writeSoon(lineOf(caller, { action: 'acknowledge', number: out_trade_no, revision }));
  await caller.merchant.processor.acknowledge({ out_trade_no, revision });
}

/** What has ended and this terminal has not acted upon. */
export async function* unacknowledged(caller: Caller): AsyncIterable<PaymentOutcome> {
  for await (const record of unheard(caller)) {
    const outcome = await caller.merchant.processor.outcome(record.id);
    if (outcome !== undefined) yield outcome;
  }
}

async function* unheard({ terminal, merchant: { journal } }: Caller): AsyncIterable<JournalRecord> {
  if (journal instanceof PostgresJournal) return yield* journal.unheardBy(terminal.id);
  for await (const record of journal.list({ kind: 'payment', finished: true, acknowledged: false }))
    if (noteIn(record).terminal === terminal.id) yield record;
}

async function decided(
  { merchant: { processor, journal } }: Caller,
  out_trade_no: string,
  until: Until,
  deadline: Deadline,
): Promise<PaymentReply> {
  return lookUntil(
    async () => {
      const outcome = await processor.outcome(out_trade_no);
      return until === 'final' && outcome?.status === 'reversing' ? undefined : outcome;
    },
    deadline,
    watching(journal, 'payment', out_trade_no),
  );
}
