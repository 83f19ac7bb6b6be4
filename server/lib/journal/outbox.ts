import type { JournalRecord } from 'wxpay-face';

/** What is to be told of a record's new outcome. */
export interface OutboxEvent {
  /** By its name. */
  readonly merchant: string;
  /** Of one lane nothing later is told before what came earlier was taken. */
  readonly lane: string;
  readonly type: string;
  /** JSON. */
  readonly body: string;
}

/** What a merchant wants to be told, for a journal that stores it with the very write that decides it: neither is there without the other. */
export interface Outbox {
  /** Undefined if there is nothing to tell. */
  toldOf(record: JournalRecord): OutboxEvent | undefined;
  /** Something was stored. */
  wake(): void;
}
