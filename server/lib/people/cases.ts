import { describe, type JournalRecord, type PaymentOutcome, type RefundOutcome } from 'wxpay-face';
import { noteIn } from '../http/caller.js';
import type { Terminal } from '../terminals/terminal.js';
import type { Found } from './desk.js';
import type { ActName, Language, ShownCase, ShownRecord } from './shown.js';

/* What a person sees of a record: nothing of the customer, and nothing that was only for the wire. */

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isFen = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value);

/** Refunds of which nothing was given back, nor ever will be. */
const isReleased = (phase: unknown): boolean => phase === 'refused' || phase === 'failed';

/** A sale's refunds as its own record knows them. */
const reservedIn = ({ refunds }: Fields): Fields[] => (Array.isArray(refunds) ? refunds.filter(isFields) : []);

/** What the refunds of a sale gave back, or may give back yet. Fen. */
export const givenBack = ({ data }: JournalRecord): number =>
  reservedIn(data)
    .filter(({ phase }) => !isReleased(phase))
    .reduce((sum, { refund_fee }) => sum + (isFen(refund_fee) ? refund_fee : 0), 0);

/** Whether one of this number was reserved in the sale. */
export const hasRefund = ({ data }: JournalRecord, number: string): boolean =>
  reservedIn(data).some(({ out_refund_no }) => out_refund_no === number);

const factsOf = ({ data: { facts } }: JournalRecord): Fields => (isFields(facts) ? facts : {});

/** Fen, of the sale or the refund. */
function amountOf(record: JournalRecord): number | undefined {
  const { total_fee, refund_fee } = record.data;
  if (record.kind === 'refund') return isFen(refund_fee) ? refund_fee : undefined;
  const { payment } = factsOf(record);
  const paid = isFields(payment) ? payment.total_fee : undefined;
  return [paid, total_fee].find(isFen);
}

/** Which sale it's about. */
export const saleOf = ({ kind, id, data }: JournalRecord): string =>
  kind === 'refund' && typeof data.out_trade_no === 'string' ? data.out_trade_no : id;

/** @param terminals By their ids. */
export function shownRecord({ name, record }: Found, terminals: ReadonlyMap<unknown, Terminal>): ShownRecord {
  const { kind, id, state, revision, updatedAt } = record;
  const amount = amountOf(record);
  const { terminal, store } = noteIn(record);
  const seller = terminals.get(terminal)?.name;
  return {
    merchant: name,
    kind,
    id,
    out_trade_no: saleOf(record),
    state,
    revision,
    at: updatedAt,
    ...(amount !== undefined && { amount }),
    ...(kind === 'payment' && { given_back: givenBack(record) }),
    ...(seller !== undefined && { terminal: seller }),
    ...(typeof store === 'string' && { store }),
  };
}

/** Milliseconds in which the gateway takes a sale back whole. */
const reversible = 7 * 24 * 60 * 60 * 1_000;

/** What may be done with a payment, by its state. */
const ofPayment: Readonly<Record<string, (record: JournalRecord, now: number) => readonly ActName[]>> = {
  submitting: () => ['give-up'],
  polling: () => ['give-up'],
  confirming: () => ['give-up'],
  paid: (record, now) => {
    const { endedAt } = record.data;
    const isLate = now - (isFen(endedAt) ? endedAt : record.updatedAt) > reversible;
    const back = givenBack(record);
    return [
      ...(back < (amountOf(record) ?? 0) ? ['refund' as const] : []),
      ...(back === 0 && !isLate ? ['give-up' as const] : []),
    ];
  },
  attention: (record) => [...(factsOf(record).resumable ? ['give-up' as const] : []), 'acknowledge'],
};
const ofRefund: typeof ofPayment = {
  attention: (record) => [...(factsOf(record).resumable ? ['send-again' as const] : []), 'acknowledge'],
};

/** What may be done with a record as it stands. @param isAttended A person has dealt with it. */
export function possibleActs(record: JournalRecord, isAttended: boolean, now: number): readonly ActName[] {
  const acts = (record.kind === 'payment' ? ofPayment : ofRefund)[record.state]?.(record, now) ?? [];
  return isAttended ? acts.filter((act) => act !== 'acknowledge') : acts;
}

const outcomeOf = async ({
  merchant: { processor },
  record,
}: Found): Promise<PaymentOutcome | RefundOutcome | undefined> =>
  record.kind === 'payment'
    ? processor.outcome(record.id)
    : (await processor.refunds(saleOf(record))).find(({ out_refund_no }) => out_refund_no === record.id);

/** What the cashier's sentences say of it: an outcome, an error, a code. */
export function told(what: unknown, language: Language): ShownCase['told'] {
  const { title, text, advice } = describe(what, language);
  return { title, text, advice };
}

export async function shownCase(
  found: Found,
  terminals: ReadonlyMap<unknown, Terminal>,
  { language, isAttended }: { language: Language; isAttended: boolean },
): Promise<ShownCase> {
  const { attention } = factsOf(found.record);
  return {
    ...shownRecord(found, terminals),
    ...(found.record.state === 'attention' && typeof attention === 'string' && { why: attention }),
    told: told((await outcomeOf(found)) ?? { code: 'undecided' }, language),
    can: possibleActs(found.record, isAttended, Date.now()),
  };
}
