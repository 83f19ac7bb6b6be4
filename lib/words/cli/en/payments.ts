import type {
  AttentionCode,
  CancelledBy,
  FailureCode,
  ReversalReason,
  Trouble,
} from '../../../payment/decision/outcomes.js';
import type { RefundAttentionCode, RefundOutcome } from '../../../payment/decision/refund/outcomes.js';
import type { RefundPhase } from '../../../payment/decision/refund/states.js';
import type { Phase } from '../../../payment/decision/states.js';
import type { PaymentProgress } from '../../../payment/progress.js';
import type { FacePayOutcome } from '../../../terminal/face-pay.js';

type Words<Key extends string> = Readonly<Record<Key, string>>;

const statuses: Words<FacePayOutcome['status'] | RefundOutcome['status']> = {
  paid: 'paid',
  declined: 'declined',
  failed: 'failed',
  cancelled: 'cancelled',
  scan: 'scan',
  reversed: 'reversed',
  reversing: 'reversing',
  attention: 'attention',
  refunded: 'refunded',
  processing: 'processing',
  refused: 'refused',
};

/** As the journal has them. */
const states: Words<Phase | RefundPhase> = {
  submitting: 'submitting',
  polling: 'polling',
  confirming: 'confirming',
  reversing: 'reversing',
  paid: 'paid',
  declined: 'declined',
  failed: 'failed',
  cancelled: 'cancelled',
  reversed: 'reversed',
  attention: 'attention',
  sending: 'sending',
  accepted: 'accepted',
  refunded: 'refunded',
  refused: 'refused',
};

const steps: Words<PaymentProgress['step']> = {
  camera: 'camera',
  credential: 'credential',
  looking: 'looking',
  scanning: 'scanning',
  sending: 'sending',
  password: 'password',
  unknown: 'unknown',
  confirming: 'confirming',
  reversing: 'reversing',
  finished: 'finished',
};

const troubles: Words<Trouble> = {
  certificate: 'the gateway refuses the merchant’s certificate: put a good one in',
  refused: 'the gateway refuses the key or the merchant',
  limit: 'the gateway limits the calls',
  silence: 'the gateway gives no answer',
  journal: 'the journal can’t be written',
};

const reversals: Words<ReversalReason> = {
  unknown: 'its result was unknown for too long',
  'given-up': 'it was given up',
  payerror: 'the gateway said PAYERROR',
};

const cancellers: Words<CancelledBy> = {
  customer: 'by the customer',
  cashier: 'by the cashier',
  timeout: 'by a time limit',
};

/** Payments and refunds: how they go on, how they end, and what a person is asked. */
export const payments = {
  statuses,
  states,
  steps,
  troubles,
  reversals,
  cancellers,
  line: (status: string, number: string, says: string) => `${status} ${number}: ${says}`,
  refundLine: (status: string, number: string, sale: string, amount: string, says: string) =>
    `${status} ${number} of ${sale}: ${amount}; ${says}`,
  paid: (amount: string, transaction_id: string) => `${amount}, transaction_id ${transaction_id}`,
  /** @param says The vendor's words, or ''. */
  no: (err_code: string, says: string) => [err_code, says].filter(Boolean).join(' '),
  failed: (code: FailureCode, reason: string) => `${reason} (${code})`,
  attention: (code: AttentionCode, reason: string) => `${reason} (${code})`,
  refundAttention: (code: RefundAttentionCode, reason: string) => `${reason} (${code})`,
  scan: 'the customer wants to pay by scanning: wxpay-face pay --auth-code-stdin',
  nothingCharged: 'nothing is charged, or it was given back',
  recovery: '"wxpay-face journal recover" brings it to its end',
  refunded: (refund_id: string, time: string, to: string) =>
    [`refund_id ${refund_id}`, time, to].filter(Boolean).join(', '),
  accepted: 'the gateway has taken it',
  notAnswered: 'the gateway has not answered yet',
  goesOn: '"wxpay-face journal recover" goes on with it',
  both: (parts: readonly string[]) => parts.join('; '),
  unfinished: (number: string, why: string, then: string) => `unfinished ${number}: ${why}; ${then}`,

  till: (step: string, attempt: string, detail: string, trouble: string) =>
    `till      ${step}${attempt === '' ? '' : ` #${attempt}`}${detail === '' ? '' : ` ${detail}`}${trouble === '' ? '' : `: ${trouble}`}`,
  camera: (cmd: string, answer: string, took: string) =>
    `camera    ${cmd} →${answer === '' ? '' : ` ${answer}`}${took}`,
  gateway: (call: string, answer: string, took: string) =>
    `gateway   ${call} →${answer === '' ? '' : ` ${answer}`}${took}`,
  took: (milliseconds: number) => `, ${milliseconds} ms`,
  waiting: (seconds: number) => `          … waiting for ${seconds} s`,

  order: (number: string, amount: string) => `order ${number}, ${amount}`,
  scanNow: "Scan the customer's code:",
  seen: {
    line: (number: string, seen: string) => `${number}: ${seen}`,
    state: (code: string) => code,
    transactionId: (id: string) => `transaction_id ${id}`,
    paidAt: (time: string) => `time_end ${time}`,
    all: (parts: readonly string[]) => parts.join(', '),
  },
  reverse: {
    question: (number: string, seen: string) => `Reverse ${number} (${seen})?`,
    inBoth: (state: string, atGateway: string) => `${state} in the journal; at the gateway: ${atGateway}`,
    notKnown: 'not known',
    line: (number: string, status: string, says: string) => `${number}: ${status}, ${says}`,
    isReversed: 'it is reversed',
    isClosed: 'it is closed, and nothing is charged',
    isRefunded: 'it was refunded, at least in part: look at the merchant site',
    isUnknown: 'the gateway knows no such order',
    interrupted: 'interrupted while it was being reversed',
    repeat: 'whether it is reversed is unknown: repeat the command',
  },
  kept: 'kept',
  interrupted: 'interrupted',
  notConfirmed: 'not confirmed',
  /** What may be answered to a question. */
  yesOrNo: '[y/N]',
  refund: {
    question: (amount: string, sale: string, number: string) => `Give back ${amount} of ${sale}, as ${number}?`,
    costing: (sale: string, amount: string) => `${sale} (${amount})`,
    aMinuteApart: 'the gateway takes two refunds of one sale a minute apart: waiting for that',
    unknownSale: (number: string) =>
      `${number} is not in the journal: say by --total what it cost, and the gateway is asked for it`,
    unknownNumber: (number: string) => `Neither the journal nor the gateway knows ${number}`,
  },
  refunds: {
    gatewayShows: (line: string, state: string) => `${line}; the gateway shows ${state}`,
    nothing: 'nothing',
    elsewhere: (number: string, sale: string, amount: string, state: string) =>
      `elsewhere ${number} of ${sale}: ${amount}; the gateway shows ${state}`,
    none: (sale: string) => `no refunds of ${sale}`,
    cannotAsk: (why: string) => `The gateway can't be asked: ${why}`,
  },
  /** What is said at the first Ctrl-C, and at the second, which ends the program at once. */
  interruptions: {
    pay: {
      first: 'Giving the payment up; waiting for how it ends. Ctrl-C again ends at once.',
      second:
        'Ended at once. If the payment request had left, the payment is in the journal and unfinished: "wxpay-face journal recover" brings it to its end.',
    },
    query: { first: 'Giving the query up.', second: 'Ended at once.' },
    reverse: {
      first: 'Stopping. What was decided stands.',
      second: 'Ended at once. Repeating the same command is safe.',
    },
    refund: {
      first: 'Stopping. A refund that is in the journal goes on with the next "journal recover".',
      second: 'Ended at once. The same command again is safe: it asks for the same refund.',
    },
    recover: {
      first: 'Stopping. What is unfinished stays in the journal.',
      second: 'Ended at once. What is unfinished stays in the journal.',
    },
    reconcile: { first: 'Giving the comparison up.', second: 'Ended at once.' },
    doctor: { first: 'Stopping.', second: 'Ended at once.' },
    demo: { first: 'Stopping the demonstration.', second: 'Ended at once.' },
    simulate: { first: 'Stopping the simulator.', second: 'Ended at once.' },
  },
};
