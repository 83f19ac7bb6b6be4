import type { Journal, JournalRecord } from '../../../lib/journal/journal.js';
import type { PaymentProcessor } from '../../../lib/payment/processor.js';
import type { Network } from './client.js';
import type { SimulatedClock } from './clock.js';
import type { Random } from './random.js';
import type { Refund, Refunding } from './refunding.js';
import type { Sale } from './sale.js';
import type { Manners } from './settings.js';
import type { Stands } from './stands.js';
import type { TillClock } from './till-clock.js';

/* What every history has, whoever takes the payments in it: one till, or servers on one database. */

/** One run of a program that takes payments, from its start to its death. */
export interface Program {
  readonly isAlive: boolean;
  readonly clock: TillClock;
  readonly processor: PaymentProcessor;
  /** It has read a Date header, and its client tells it. */
  knowsGatewayTime: boolean;
  refund(refund: Refund): void;
  followRefund(out_refund_no: string): void;
  notice(out_refund_no: string): void;
  giveUp(out_trade_no: string): void;
}

export interface History {
  readonly clock: SimulatedClock;
  readonly random: Random;
  readonly network: Network;
  /** What the journal has. */
  readonly store: Journal;
  /** The states of the payments in it. */
  readonly states: ReadonlyMap<string, string>;
  readonly traits: Manners;
  readonly isOwnClient: boolean;
  readonly notBefore: number;
  readonly settleAfter: number;
  readonly pollingTimeout: number;
  /** Share of calls that go wrong. */
  readonly faults: number;
  readonly stands: Pick<Stands, 'areAny' | 'isSuspendable' | 'stood' | 'isAhead'>;
  readonly hasJournalFaults: boolean;
  readonly hasCertificateFaults: boolean;
  /** A wall clock may be wrong, or be set meanwhile. */
  readonly isMistimed: boolean;
  readonly isJumpy: boolean;
  readonly crashed: boolean;
  readonly hasRestarted: boolean;
  readonly isLast: boolean;
  /** Whether whoever asks is answered in time. */
  readonly isPunctual: boolean;
  /** The numbers whose record holds the request's time by the gateway's clock. */
  readonly dated: ReadonlySet<string>;
  readonly refunding: Refunding | undefined;
  violate(what: string): void;
  sale(out_trade_no: string): Sale;
  /** Fen that may be given back of a sale. */
  refundable(out_trade_no: string): number;
  /** Goes by one step of a program; true where it dies at it. */
  step(program: Program): boolean;
  stand(program: Program, where: 'called' | 'answered' | 'deadline'): void;
  /** Whether this program may send a reversal, by what the journal says. */
  mayReverse(program: Program, out_trade_no: string): boolean;
  abortNow(program: Program, sale: Sale): void;
  /** Somebody asks for something. */
  click(ms: number, act: (program: Program) => void): void;
  endanger(): void;
  restart(): void;
  /** Calls a second that may leave, where they wait for that. */
  readonly quota?: number | undefined;
  /** Whether a restore of the journal has taken something of it back. */
  readonly isLost?: (out_trade_no: string) => boolean;
  /** Which of several sub-merchants sold a number. */
  readonly merchantOf?: (out_trade_no: string) => string;
  /** Whether an outcome could be told after a later one, since another program told that; then also what was told is looked for. */
  readonly wasStored?: (kind: JournalRecord['kind'], id: string, revision: number, state: string) => boolean;
}
