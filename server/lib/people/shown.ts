/*
 * What the page is told. Plain JSON, without personal data and without a secret. Amounts in fen; moments in milliseconds since the
 * epoch. The page knows these types and nothing else of the server.
 */

export type Language = 'zh' | 'en';

/** What a person may do with a record, if its role is to act. */
export type ActName = 'give-up' | 'refund' | 'send-again' | 'acknowledge';

/** In the words of the cashier's sentences: what happened, and what to do. */
export interface ShownDescription {
  readonly title: string;
  readonly text: string;
  readonly advice: string;
}

/** A payment or a refund. */
export interface ShownRecord {
  /** By the name that the server knows it by. */
  readonly merchant: string;
  readonly kind: 'payment' | 'refund';
  /** out_trade_no, or out_refund_no. */
  readonly id: string;
  readonly out_trade_no: string;
  readonly state: string;
  /** An act names the revision that its person saw. */
  readonly revision: number;
  /** Of the sale, or of the refund; of some it's not known. */
  readonly amount?: number;
  /** Of a sale: what its refunds gave back, or may give back yet. */
  readonly given_back?: number;
  /** When it was last written down. */
  readonly at: number;
  /** The terminal's name, if it's still there. */
  readonly terminal?: string;
  readonly store?: string;
}

/** A record that needs a person, or that one looks at. */
export interface ShownCase extends ShownRecord {
  /** Why a person must look: an attention's code. */
  readonly why?: string;
  readonly told: ShownDescription;
  readonly can: readonly ActName[];
}

/** What a person confirms: a record as it stands now. */
export interface ShownDetail extends ShownCase {
  /** Of a sale. */
  readonly refunds: readonly ShownCase[];
  /** Of this view: an act that names it again is the same act. A refund gets it as its number. */
  readonly form: string;
}

/** What the gateway says of a sale when it's asked. */
export interface ShownAnswer {
  /** Its trade_state, or the err_code of its refusal; of this package if there was no answer that can be believed. */
  readonly state: string;
  readonly amount?: number;
}

export interface ShownTerminal {
  readonly name: string;
  readonly merchant: string;
  readonly store_id: string;
  readonly store_name: string;
  readonly can: readonly string[];
}

export interface ShownServer {
  readonly id: string;
  /** The one that answers. */
  readonly isThis: boolean;
  /** Since when it has held its lease without a gap. */
  readonly since?: number;
  /** Milliseconds that its lease is good for; none if it's over. */
  readonly lease?: number;
  /** Payments and refunds of this person's merchants that are under way there. */
  readonly underWay: number;
}

/** A difference between a day's bill and the journal. */
export interface ShownDifference {
  readonly id: string;
  readonly merchant: string;
  /** yyyyMMdd */
  readonly day: string;
  readonly kind: string;
  readonly out_trade_no: string;
  readonly out_refund_no?: string;
  readonly here?: number;
  readonly there?: number;
}

/** A message that a merchant's own system did not take for too long. */
export interface ShownDeadLetter {
  readonly id: string;
  readonly merchant: string;
  /** What it's about: an out_trade_no, or the day of a bill. */
  readonly number: string;
  /** payment.paid, refund.refused, … */
  readonly type: string;
  /** What the last attempt brought: "HTTP 500". */
  readonly answer: string;
  readonly attempts: number;
  readonly at: number;
}

/** A day whose bill was held against the journal. */
export interface ShownDay {
  readonly merchant: string;
  /** yyyyMMdd */
  readonly day: string;
  /** When it was reconciled; absent as long as there is no bill. */
  readonly at?: number;
  /** How many, once it's reconciled. */
  readonly differences?: number;
}

/** What only a database has. */
export interface ShownNights {
  readonly differences: readonly ShownDifference[];
  readonly deadLetters: readonly ShownDeadLetter[];
  readonly days: readonly ShownDay[];
}

/** All that the page shows at once. */
export interface Shown {
  readonly person: ShownPerson;
  /** The person's, each by the name that acts and look-ups use. */
  readonly merchants: readonly string[];
  readonly sales: readonly ShownRecord[];
  readonly needs: readonly ShownCase[];
  readonly terminals: readonly ShownTerminal[];
  readonly servers: readonly ShownServer[];
  /** Absent if the journal is in a folder. */
  readonly nights?: ShownNights;
}

export interface ShownPerson {
  readonly name: string;
  readonly role: 'look' | 'act';
  readonly merchants: readonly string[];
}
