import { isFields, isNumber, isOptional, isString, isWhole } from '../../unknown.js';
import { type RefundOutcome, refundOutcomeOf } from '../decision/refund/outcomes.js';
import type { ReservedRefund } from '../decision/refund/rules.js';
import {
  type GivenBack,
  phases,
  type RefundDecline,
  type RefundFacts,
  type RefundPhase,
} from '../decision/refund/states.js';

/* What a sale's record keeps of its refunds. */

export const isRefundPhase = (state: unknown): state is RefundPhase => isString(state) && Object.hasOwn(phases, state);

const isTrue = (value: unknown): value is true => value === true;

const isDecline = (value: unknown): value is RefundDecline =>
  isFields(value) &&
  isString(value.err_code) &&
  isOptional(value.err_code_des, isString) &&
  isOptional(value.byHand, isTrue);

const isGivenBack = (value: unknown): value is GivenBack =>
  isFields(value) && isString(value.refund_id) && isOptional(value.time, isString) && isOptional(value.to, isString);

export const isRefundFacts = (value: unknown): value is RefundFacts =>
  isFields(value) &&
  isOptional(value.decline, isDecline) &&
  isOptional(value.givenBack, isGivenBack) &&
  [value.reached, value.resumable].every((flag) => isOptional(flag, isTrue)) &&
  [value.failure, value.attention, value.reason].every((word) => isOptional(word, isString));

/** Whether a sale's record has a refund that this version can have reserved. */
export const isReservedRefund = (value: unknown): value is ReservedRefund =>
  isFields(value) &&
  isString(value.out_refund_no) &&
  isWhole(value.refund_fee) &&
  isNumber(value.at) &&
  isRefundPhase(value.phase) &&
  isRefundFacts(value.facts) &&
  isOptional(value.decidedAt, isWhole) &&
  isOptional(value.elsewhere, isTrue);

/** What a sale's record tells of a refund; undefined if it lacks what it is about. */
export const reservedOutcome = (
  out_trade_no: string,
  { out_refund_no, refund_fee, decidedAt, ...state }: ReservedRefund,
): RefundOutcome | undefined => refundOutcomeOf({ out_trade_no, out_refund_no, refund_fee }, state, decidedAt);
