import type { CallEntry, SimulatorEvent } from '../call-log.js';
import type { CustomerAction } from '../customer.js';
import type { Screen } from '../face-service.js';
import type { LedgerEntry } from '../money.js';
import type { RefundEntry } from '../refunds.js';
import type { SimulatorSettings } from '../scenario.js';
import type { TillState } from './till-state.js';

/** All that the page shows. Holds no credential. Amounts in fen. */
export interface Snapshot {
  /** Where a till finds gateway and service. */
  readonly gateway: string;
  readonly pipe: string;
  readonly scenario: string;
  readonly settings: SimulatorSettings;
  readonly screen: {
    readonly shows: Screen;
    /** The customer walked away. */
    readonly abandoned: boolean;
    readonly out_trade_no?: string;
    readonly total_fee?: number;
  };
  /** The order whose customer is asked for the password. */
  readonly password: Pick<LedgerEntry, 'out_trade_no' | 'total_fee'> | undefined;
  /** The cashier's own program. */
  readonly till: TillState;
  /** What the customer can do now. */
  readonly offered: readonly CustomerAction[];
  /** The newest of a long session, and so are the events and their calls. */
  readonly ledger: readonly LedgerEntry[];
  readonly refunds: readonly RefundEntry[];
  /** Where notifications of refunds go that name no address themselves. */
  readonly notifyUrl: string;
  /** By the numbers in `events`. */
  readonly calls: Readonly<Record<number, CallEntry>>;
  readonly events: readonly SimulatorEvent[];
}
