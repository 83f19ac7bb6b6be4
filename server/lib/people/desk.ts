import type { JournalRecord } from 'wxpay-face';
import type { Merchant } from '../merchants/merchants.js';
import type { ShownNights, ShownServer } from './shown.js';

/* What people see of the journals, and how two of them don't do the same twice. */

/** A merchant under the name that the server knows it by. */
export interface NamedMerchant {
  readonly name: string;
  readonly merchant: Merchant;
}

/** A record, and whose it is. */
export interface Found extends NamedMerchant {
  readonly record: JournalRecord;
}

/** An act of a person upon a record as it was seen. */
export interface Claim {
  readonly of: NamedMerchant;
  readonly kind: JournalRecord['kind'];
  readonly id: string;
  /** The record's, as the person saw it. */
  readonly revision: number;
  /** Of the view that was confirmed. */
  readonly form: string;
  /** Its name, for whoever comes second. */
  readonly person: string;
}

/** 'first': nobody has acted upon this revision. 'again': the same view was confirmed before. Else who has. */
export type Claimed = 'first' | 'again' | { readonly by: string };

/** Where people work: a database that servers share, or a journal in a folder. */
export interface Desk {
  /** The newest first. */
  recent(merchants: readonly NamedMerchant[], most: number): Promise<Found[]>;
  /** Those in front of a person, whatever terminals have acknowledged; the newest first. */
  needing(merchants: readonly NamedMerchant[], most: number): Promise<Found[]>;
  /** Whether a person has dealt with it. */
  isAttended(found: Found): Promise<boolean>;
  /** A person has dealt with it as it is now. */
  attend(found: Found, person: string): Promise<void>;
  /** One act for each revision of a record, on all servers. */
  claim(claim: Claim): Promise<Claimed>;
  /** Nothing came of it: the record stands as it stood. */
  release(claim: Claim): Promise<void>;
  servers(merchants: readonly NamedMerchant[]): Promise<ShownServer[]>;
  /**
   * Sends a dead letter once more. @param before Done before it, if there is one.
   * @returns False if there is none, or somebody else has done so.
   */
  replay(of: NamedMerchant, id: string, before: () => Promise<void>): Promise<boolean>;
  /** A difference was dealt with: once. @returns False if there is none, or somebody else has said so. */
  settle(of: NamedMerchant, id: string, person: string, before: () => Promise<void>): Promise<boolean>;
  /** Undefined if there is no database. */
  nights(merchants: readonly NamedMerchant[]): Promise<ShownNights | undefined>;
}
