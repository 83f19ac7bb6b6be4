import {
  type AttentionCode,
  BillError,
  BusyError,
  ClosedError,
  type ErrorCode,
  type FacePayOutcome,
  type FailureCode,
  HostProcessError,
  InvalidParameterError,
  InvalidPolicyError,
  JournalError,
  LibraryLoadError,
  OrderExistsError,
  OrderUnknownError,
  PayMismatchError,
  type PaymentOutcome,
  PayProtocolError,
  PayResponseError,
  PaySignatureError,
  PayTransportError,
  paymentErrorCodes,
  queryErrorCodes,
  type RefundAttentionCode,
  type RefundOutcome,
  RefundRefusedError,
  type RefundRule,
  type ReversalReason,
  reverseErrorCodes,
  ServiceCallError,
  ServiceCommandError,
  ServiceResponseError,
  type Trouble,
} from '../../lib/index.js';
import { reportedErrorCodes } from '../../lib/pay/error-codes.js';
import { refundCodes } from '../../lib/simulator/refund-codes.js';

/* Everything that a till can be told, each once: complete by the types, and by the tables of the gateway's codes. */

export interface Case {
  readonly name: string;
  readonly what: object;
}

export const out_trade_no = 'T1-20261126-0001';
export const out_refund_no = 'R7-0001';

export const failures: Record<FailureCode, true> = {
  dns: true,
  unreachable: true,
  'connect-timeout': true,
  tls: true,
  proxy: true,
  certificate: true,
  parameter: true,
  late: true,
  limit: true,
  closed: true,
  internal: true,
};
export const attentions: Record<AttentionCode, true> = {
  'number-taken': true,
  'not-ours': true,
  'refunded-elsewhere': true,
  refused: true,
  certificate: true,
  'reverse-expired': true,
  denied: true,
  unreadable: true,
  'other-merchant': true,
};
const refundAttentions: Record<RefundAttentionCode, true> = {
  'by-hand': true,
  'not-ours': true,
  refused: true,
  certificate: true,
  unreadable: true,
  'other-merchant': true,
};
const reasons: Record<ReversalReason, true> = { unknown: true, 'given-up': true, payerror: true };
export const troubles: Record<Trouble, true> = {
  certificate: true,
  refused: true,
  limit: true,
  silence: true,
  journal: true,
};
const cancellers: Record<(PaymentOutcome & { status: 'cancelled' })['by'], true> = {
  customer: true,
  cashier: true,
  timeout: true,
};
const rules: Record<RefundRule, true> = {
  'not-paid': true,
  'too-much': true,
  'too-many': true,
  'too-old': true,
  'given-up': true,
};

/** What is thrown with each code, as it is thrown. */
const errors: Record<ErrorCode, readonly Error[]> = {
  ERR_INVALID_PARAMETER: [
    new InvalidParameterError('total_fee', 'must be at least 1'),
    new InvalidParameterError('merchant.token', 'is withdrawn'),
  ],
  ERR_INVALID_POLICY: [new InvalidPolicyError('polling.interval', 'must be at least 1000')],
  ERR_BUSY: [new BusyError(out_trade_no)],
  ERR_ORDER_EXISTS: [new OrderExistsError(out_trade_no)],
  ERR_ORDER_UNKNOWN: [new OrderUnknownError('ERR_ORDER_UNKNOWN', 'unknown', { out_trade_no })],
  ERR_ORDER_FOREIGN: [new OrderUnknownError('ERR_ORDER_FOREIGN', 'foreign', { out_trade_no })],
  ERR_ORDER_REFUNDED: [new OrderUnknownError('ERR_ORDER_REFUNDED', 'refunded', { out_trade_no })],
  ERR_REFUND: Object.keys(rules).map((rule) =>
    Object.assign(new RefundRefusedError('not-paid', out_trade_no, out_refund_no), { rule }),
  ),
  ERR_CLOSED: [new ClosedError('FacePay')],
  ERR_LIBRARY_LOAD: [new LibraryLoadError('C:\\WxpayFaceSDK.dll', 'not found')],
  ERR_SERVICE_CALL: [new ServiceCallError('initWxpayface', -1)],
  ERR_SERVICE_RESPONSE: [new ServiceResponseError('initWxpayface', 'is empty')],
  ERR_SERVICE_COMMAND: [new ServiceCommandError('initWxpayface', 'SYSTEMERROR', 'camera')],
  ERR_HOST_PROCESS: [new HostProcessError('ended')],
  ERR_JOURNAL: [new JournalError('no disk')],
  ERR_JOURNAL_LOCKED: [new JournalError('locked', { code: 'ERR_JOURNAL_LOCKED' })],
  ERR_JOURNAL_DAMAGED: [new JournalError('damaged', { code: 'ERR_JOURNAL_DAMAGED' })],
  ERR_JOURNAL_LOST: [new JournalError('lost', { code: 'ERR_JOURNAL_LOST' })],
  ERR_PAY_TRANSPORT: [new PayTransportError('reset', true), new PayTransportError('refused', false)],
  ERR_PAY_RESPONSE: [new PayResponseError('a page')],
  ERR_PAY_SIGNATURE: [new PaySignatureError('wrong')],
  ERR_PAY_MISMATCH: [new PayMismatchError('total_fee', 'differs')],
  ERR_PAY_PROTOCOL: [new PayProtocolError('micropay', 'FAIL', '签名错误')],
  ERR_BILL: [new BillError('ERR_BILL', 'no sum')],
  ERR_BILL_MISSING: [new BillError('ERR_BILL_MISSING', 'none')],
};

const errCodes = new Set(
  [paymentErrorCodes, reportedErrorCodes, queryErrorCodes, reverseErrorCodes].flatMap((table) => Object.keys(table)),
);
/** What the simulator can be told to answer, but for one that belongs to payments; and a refund that the gateway closed. */
const refusals = [...Object.keys(refundCodes).filter((code) => code !== 'ORDERPAID'), 'REFUNDCLOSE'];
/** Vendor page, public return codes and those of getWxpayfaceCode, beyond what the gateway says as well. */
const serviceCodes = ['USER_CANCEL', 'SCAN_PAYMENT', 'ERROR'];

const casesOf = (status: string, field: string, codes: Iterable<string>): Case[] =>
  [...codes].map((code) => ({ name: `${status} ${code}`, what: { status, [field]: code } }));

/** Each as it is, and kept from its end by each trouble. */
const withTroubles = (cases: readonly Case[]): Case[] =>
  [undefined, ...Object.keys(troubles)].flatMap((trouble) =>
    cases.map(({ name, what }) => ({ name: `${name}, ${trouble}`, what: { ...what, trouble } })),
  );

const payments: Record<FacePayOutcome['status'], Case[]> = {
  paid: [{ name: 'paid', what: { status: 'paid', total_fee: 123_450, transaction_id: '42', response: {} } }],
  declined: casesOf('declined', 'err_code', errCodes),
  failed: casesOf('failed', 'code', Object.keys(failures)),
  cancelled: casesOf('cancelled', 'by', Object.keys(cancellers)),
  reversed: casesOf('reversed', 'why', Object.keys(reasons)),
  reversing: withTroubles(casesOf('reversing', 'why', Object.keys(reasons))),
  attention: casesOf('attention', 'code', Object.keys(attentions)),
  scan: [{ name: 'scan', what: { status: 'scan' } }],
};

const refunds: Record<RefundOutcome['status'], Case[]> = {
  refunded: [{ name: 'refunded', what: { status: 'refunded', refund_id: '50' } }],
  processing: withTroubles([
    { name: 'processing, accepted', what: { status: 'processing', accepted: true } },
    { name: 'processing, not accepted', what: { status: 'processing', accepted: false } },
  ]),
  refused: casesOf('refused', 'err_code', refusals),
  failed: casesOf('failed', 'code', Object.keys(failures)),
  attention: casesOf('attention', 'code', Object.keys(refundAttentions)),
};

/** As a payment's and a refund's outcomes come. */
export const outcomes: readonly Case[] = [
  ...Object.values(payments)
    .flat()
    .map(({ name, what }) => ({ name, what: { ...what, out_trade_no } })),
  ...Object.values(refunds)
    .flat()
    .map(({ name, what }) => ({
      name: `refund ${name}`,
      what: { kind: 'refund', ...what, out_trade_no, out_refund_no, refund_fee: 123_450 },
    })),
];

export const thrown: readonly Case[] = Object.entries(errors).flatMap(([code, each]) =>
  each.map((what, index) => ({ name: `${code} ${index}`, what })),
);

/** Why a till asks for another code. */
const scanCodes = ['other-wallet', 'not-a-code'];

export const codes: readonly Case[] = [...errCodes, ...serviceCodes, ...scanCodes].map((code) => ({
  name: code,
  what: { code },
}));

/** The codes of outcomes and errors alone: they are told as those are. */
export const otherCodes: readonly Case[] = [failures, attentions, refundAttentions, errors]
  .flatMap((table) => Object.keys(table))
  .concat(refusals)
  .map((code) => ({ name: code, what: { code } }));
