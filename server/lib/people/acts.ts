import { isGivenUp, type JournalRecord } from 'wxpay-face';
import { RefusedError, refusalOf } from '../http/refusals.js';
import { before } from '../http/waiting.js';
import { hasRefund, possibleActs, saleOf } from './cases.js';
import type { Claim, Desk, Found, NamedMerchant } from './desk.js';
import type { Person } from './person.js';
import type { ActName } from './shown.js';

/* What people do: each act once for each revision of a record, whoever confirms it where. */

/** What the page sends when a person confirms. */
export interface Confirmed {
  readonly act: ActName;
  readonly merchant: string;
  readonly kind: JournalRecord['kind'];
  readonly id: string;
  /** As the person saw it. */
  readonly revision: number;
  /** Of the view; a refund's number. */
  readonly form: string;
  /** Of a refund: fen. */
  readonly refund_fee?: number;
  /** Of a refund: what the customer is shown. */
  readonly refund_desc?: string;
}

/** What a person is about to do, as the audit is told. */
export interface Intent {
  readonly act: ActName | 'replay' | 'look-up';
  readonly person: Pick<Person, 'id' | 'name'>;
  readonly of: NamedMerchant;
  /** The sale's, the refund's, or that of what is acted upon beside them. */
  readonly number: string;
  /** Of a refund. */
  readonly out_trade_no?: string;
  /** Of a refund: fen. */
  readonly amount?: number;
  readonly revision?: number;
}

/** Somebody was quicker, or it can't be done as the record stands: told with how it stands now. */
export class OvertakenError extends Error {
  /** 'overtaken': by whom, if that's known. 'impossible': as it stands now. Else the code of what refused it. */
  readonly code: string;
  readonly by: string | undefined;
  /** What was thrown, for the words about it. */
  readonly what: unknown;

  constructor(code: string, { by, what }: { by?: string | undefined; what?: unknown } = {}) {
    super(code);
    this.code = code;
    this.by = by;
    this.what = what;
  }
}

/** Milliseconds: how long a person's page waits for what becomes of it. */
const patient = 15_000;
/** Milliseconds between claim and act, at most: a process that stood still for longer leaves it to others. */
const fresh = 60_000;

type Deed = (found: Found, confirmed: Confirmed, desk: Desk, person: string) => Promise<unknown>;

const deeds: Readonly<Record<ActName, Deed>> = {
  'give-up': async ({ merchant: { processor, journal }, record: { id } }) => {
    const cancelling = processor.cancel(id);
    if (journal.requestCancel === undefined) return cancelling;
    const outcome = await before(cancelling, { at: performance.now() + patient, signal: new AbortController().signal });
    // What goes on is written down before it's said.
    if (outcome === undefined) await journal.requestCancel(id);
    return outcome;
  },
  refund: ({ merchant: { processor }, record: { id } }, { form, refund_fee = 0, refund_desc }) =>
    processor.refund(id, {
      out_refund_no: form,
      refund_fee,
      ...(refund_desc !== undefined && refund_desc !== '' && { refund_desc }),
    }),
  'send-again': ({ merchant: { processor }, record }) => {
    const { id, data } = record;
    return processor.refund(saleOf(record), { out_refund_no: id, refund_fee: Number(data.refund_fee) });
  },
  acknowledge: async ({ merchant, ...found }, _confirmed, desk, person) => {
    const { kind, id, data, revision } = found.record;
    await merchant.processor.acknowledge({
      out_trade_no: saleOf(found.record),
      ...(kind === 'refund' && { out_refund_no: id }),
      revision: typeof data.decidedAt === 'number' ? data.decidedAt : revision,
    });
    const record = await merchant.journal.get(kind, id);
    // It has gone on: what the person saw is over.
    if (record?.state !== 'attention') throw new OvertakenError('overtaken');
    await desk.attend({ ...found, merchant, record }, person);
    return undefined;
  },
};

/**
 * Whether a record that has gone on did so by this act of this view. If not, its server may have died before the act, and what was
 * confirmed is about a record that is no more.
 */
const isItsOwn: Readonly<Record<ActName, (found: Found, form: string, desk: Desk) => boolean | Promise<boolean>>> = {
  'give-up': ({ record }) => isGivenUp(record),
  refund: ({ record }, form) => hasRefund(record, form),
  // The same number again gives back once.
  'send-again': () => true,
  acknowledge: (found, _form, desk) => desk.isAttended(found),
};

function intentOf({ record }: Found, { act, form, revision, refund_fee }: Confirmed): Omit<Intent, 'person' | 'of'> {
  const { id, kind, data } = record;
  if (act === 'refund') return { act, number: form, out_trade_no: id, amount: refund_fee ?? 0, revision };
  const amount = kind === 'refund' && typeof data.refund_fee === 'number' ? { amount: data.refund_fee } : {};
  return { act, number: id, revision, ...(kind === 'refund' && { out_trade_no: saleOf(record) }), ...amount };
}

/** The codes of errors after which it's known that nothing was done. */
const isRefused = (error: unknown): boolean => {
  const { status } = refusalOf(error);
  return error instanceof OvertakenError || (status >= 400 && status < 500);
};

/**
 * Does what a person confirmed, at most once for the record's revision that it saw. The same view confirmed again is the same act.
 * @returns What came of it, for its words; undefined if that's not known yet.
 * @throws OvertakenError if the record has gone on since, somebody else acts upon it, or a rule forbids it.
 * @throws RefusedError if the number is not known.
 */
export async function perform(
  { desk, audit }: { desk: Desk; audit: (intent: Intent) => Promise<void> },
  of: NamedMerchant,
  person: Person,
  confirmed: Confirmed,
): Promise<unknown> {
  const { act, kind, id, revision, form } = confirmed;
  // Another act of the same view is another one.
  const claim: Claim = { of, kind, id, revision, form: `${act} ${form}`, person: person.name };
  const began = { monotonic: performance.now(), wall: Date.now() };
  const claimed = await desk.claim(claim);
  if (claimed !== 'first' && claimed !== 'again') throw new OvertakenError('overtaken', { by: claimed.by });
  try {
    // Read after the claim: whoever claimed before has written by now, or holds the claim.
    const record = await of.merchant.journal.get(kind, id);
    if (record === undefined)
      throw new RefusedError({ status: 404, code: 'ERR_ORDER_UNKNOWN', message: 'This number is not known' });
    const found = { ...of, record };
    const hasGoneOn = record.revision !== revision;
    if (hasGoneOn && (claimed === 'first' || !(await isItsOwn[act](found, form, desk))))
      throw new OvertakenError('overtaken');
    if (claimed === 'first') {
      const possible = possibleActs(record, await desk.isAttended(found), Date.now());
      if (!possible.includes(act)) throw new OvertakenError('impossible');
    }
    await audit({ ...intentOf(found, confirmed), person, of });
    const passed = Math.max(performance.now() - began.monotonic, Date.now() - began.wall);
    if (passed > fresh) throw new OvertakenError('overtaken');
    return await deeds[act](found, confirmed, desk, person.name);
  } catch (error) {
    if (claimed === 'first' && isRefused(error)) await desk.release(claim);
    const { status } = refusalOf(error);
    if (error instanceof OvertakenError || status !== 409) throw error;
    throw new OvertakenError(String(Object(error).code), { what: error });
  }
}
