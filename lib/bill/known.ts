import type { JournalRecord } from '../journal/journal.js';
import type { ReservedRefund } from '../payment/decision/refund/rules.js';
import type { RefundPhase } from '../payment/decision/refund/states.js';
import { beijingTime, byGateway } from '../payment/decision/request-time.js';
import type { Phase } from '../payment/decision/states.js';
import { endOf, fromRecord, type RecordedMerchant, type StoredPayment } from '../payment/record.js';
import { knownRefund } from '../payment/refund/record.js';
import type { KnownRefund, KnownSale } from './difference.js';

/* What the journal's records say, as far as a bill can be held against it. */

/** A sale of the journal, and what names it. */
export interface RecordedSale extends KnownSale {
  readonly out_trade_no: string;
  /** Undefined if it's not known whose it is. */
  readonly merchant: RecordedMerchant | undefined;
  readonly transaction_id: string | undefined;
  /** The record's. */
  readonly state: string;
  /** What it has of refunds, which may be less than their own records have. */
  readonly refunds: readonly RecordedRefund[];
}

const told: Readonly<Record<Phase, KnownSale['told']>> = {
  submitting: 'open',
  polling: 'open',
  confirming: 'open',
  reversing: 'open',
  paid: 'paid',
  declined: 'not-paid',
  failed: 'not-paid',
  cancelled: 'not-paid',
  reversed: 'reversed',
  attention: 'attention',
};

/** A record of kind 'payment'. One of another version is in front of a person, as the processor tells it. */
export function saleOf(record: JournalRecord): RecordedSale {
  const { id: out_trade_no, state } = record;
  const known = fromRecord(record);
  const ended = endOf(record);
  if (known === undefined) {
    const nothing = { isCharged: false, isGivenUp: false, merchant: undefined, transaction_id: undefined, refunds: [] };
    return { out_trade_no, state, told: 'attention', ...nothing, at: ended, decidedAt: ended };
  }
  const { stored, phase, facts } = known;
  const { payment, charged, why } = facts;
  const total_fee = payment?.total_fee ?? stored.total_fee;
  const { requested, reversal } = stored;
  return {
    out_trade_no,
    state,
    told: told[phase],
    ...(total_fee !== undefined && { total_fee }),
    isCharged: payment !== undefined || charged === true,
    isGivenUp: why !== undefined,
    at: beijingTime(payment?.time_end ?? '') ?? requested.gateway ?? requested.wall,
    decidedAt: reversal?.to ?? byGateway({ wall: ended }, requested),
    ...(reversal !== undefined && { reversedSince: reversal.from }),
    merchant: stored.merchant.mch_id === '' ? undefined : stored.merchant,
    transaction_id: payment?.transaction_id,
    refunds: (stored.refunds ?? []).map(reservedRefund(out_trade_no, stored)),
  };
}

/** A refund of the journal, and what names it. */
export interface RecordedRefund extends KnownRefund {
  readonly out_refund_no: string;
  readonly out_trade_no: string;
  readonly merchant: RecordedMerchant | undefined;
  /** The record's. */
  readonly state: string;
}

const refundTold: Readonly<Record<RefundPhase, KnownRefund['told']>> = {
  sending: 'open',
  confirming: 'open',
  accepted: 'accepted',
  refunded: 'refunded',
  refused: 'refused',
  failed: 'refused',
  attention: 'attention',
};

/** A record of kind 'refund'; undefined if it's of another version. */
export function refundOf(record: JournalRecord): RecordedRefund | undefined {
  const known = knownRefund(record);
  if (known === undefined) return undefined;
  const { stored, phase } = known;
  const { out_trade_no, refund_fee, merchant, requested, takenBy } = stored;
  const names = { out_refund_no: record.id, out_trade_no, merchant, state: record.state };
  const told = refundTold[phase];
  const at = requested.gateway ?? requested.wall;
  return { ...names, told, refund_fee, at, ...(takenBy !== undefined && { takenBy }) };
}

/** A refund that only its sale's record has: another program's, found at the gateway, or one that was never written down. */
const reservedRefund =
  (out_trade_no: string, { merchant }: StoredPayment) =>
  ({ out_refund_no, refund_fee, phase, at }: ReservedRefund): RecordedRefund => ({
    ...{ out_refund_no, out_trade_no, merchant, refund_fee, at },
    state: phase,
    told: refundTold[phase],
  });
