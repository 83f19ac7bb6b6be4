import type { ErrorCode } from '../../errors.js';
import type { FaceCodeResult } from '../../face/commands.js';
import type { ListedErrorCode } from '../../pay/error-codes.js';
import type {
  AttentionCode,
  CancelledBy,
  FailureCode,
  ReversalReason,
  Trouble,
} from '../../payment/decision/outcomes.js';
import type { RefundErrorCode } from '../../payment/decision/refund/answers.js';
import type { RefundAttentionCode } from '../../payment/decision/refund/outcomes.js';
import type { RefundRule } from '../../payment/decision/refund/rules.js';
import type { WrongCode } from '../../terminal/scanned-code.js';

/** What a cashier reads. */
export interface Sentences {
  /** At most 12 Chinese characters, or 32 Latin ones: one line of a till's display. */
  readonly title: string;
  /** What happened, and what is known of the money. */
  readonly text: string;
  /** What to do, and what to tell the customer. */
  readonly advice: string;
}

/** Sentences by code. `unlisted`: for what another version of this package, or the gateway, may say one day. */
export type Table<Code extends string, Said = Sentences> = Readonly<Record<Code | 'unlisted', Said>>;

/** What the service can say to a command; beside these, SYSTEMERROR and PARAM_ERROR, which the gateway says as well. */
type ServiceCode = Exclude<FaceCodeResult['return_code'], 'SUCCESS'> | 'ERROR';

/** What a refund can be refused with: docs/facts.md#refunds, and what was reported beside it. */
type RefusalCode =
  | RefundErrorCode
  | 'FREQUENCY_LIMITED'
  | 'INVALID_REQ_TOO_MUCH'
  | 'REFUNDCLOSE'
  | 'REFUNDNOTEXIST'
  | 'REFUND_FEE_MISMATCH'
  | 'TRADE_STATE_ERROR'
  | 'INVALID_REQUEST';

export interface PaymentWords {
  readonly paid: (amount: string) => Sentences;
  readonly failed: Table<FailureCode>;
  readonly cancelled: Table<CancelledBy>;
  readonly reversed: Table<ReversalReason>;
  readonly reversing: Table<ReversalReason>;
  readonly attention: Table<AttentionCode>;
  readonly scan: Sentences;
}

export interface RefundWords {
  readonly refunded: Sentences;
  readonly accepted: Sentences;
  readonly sending: Sentences;
  readonly refused: Table<RefusalCode>;
  readonly failed: Table<FailureCode>;
  readonly attention: Table<RefundAttentionCode>;
}

/** What is added to the sentences of an outcome. */
export interface AdditionWords {
  /** Between two sentences. */
  readonly space: string;
  readonly declined: string;
  readonly refused: string;
  readonly order: (out_trade_no: string) => string;
  readonly refund: (out_refund_no: string) => string;
  readonly refundAmount: (amount: string) => string;
  readonly trouble: Readonly<Record<Trouble, Omit<Sentences, 'title'>>>;
}

export interface ErrorWords {
  /** Of every class but those two, which say more. */
  readonly codes: Readonly<Record<Exclude<ErrorCode, 'ERR_PAY_TRANSPORT' | 'ERR_REFUND'>, Sentences>>;
  readonly transport: Readonly<Record<'sent' | 'not-sent', Sentences>>;
  /** The merchant server doesn't know this till's token, or doesn't allow what it asks for. */
  readonly token: Sentences;
  readonly refund: Table<RefundRule>;
}

/** All that a cashier is told, in one language. */
export interface OutcomeWords {
  readonly payment: PaymentWords;
  readonly refund: RefundWords;
  /** The gateway's codes of payments, queries and reversals; those of the face service; and of the scanner. */
  readonly codes: Table<ListedErrorCode | ServiceCode | WrongCode>;
  readonly errors: ErrorWords;
  readonly addition: AdditionWords;
  /** Of whatever nobody can know: it promises nothing. */
  readonly unknown: Sentences;
}
