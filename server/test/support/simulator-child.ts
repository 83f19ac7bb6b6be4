// The payment gateway in a process of its own, told by its parent what to do.
import type { PayClientOptions } from 'wxpay-face';
import { type LedgerEntry, type RefundEntry, type Scenario, startSimulator } from 'wxpay-face/simulator';

export interface Books {
  readonly ledger: ReadonlyArray<Readonly<LedgerEntry>>;
  readonly refunds: ReadonlyArray<Readonly<RefundEntry>>;
  /** How often each payment was sent, by its number. */
  readonly payments: ReadonlyMap<string, number>;
  /** How many calls came in each second, by the second since the epoch. */
  readonly calls: ReadonlyMap<number, number>;
}

export type Asked = { readonly id: number; readonly scenario?: Scenario };
export type Said = { readonly client: PayClientOptions } | { readonly id: number; readonly books: Books };

const simulator = await startSimulator();

function count<Key>(keys: Iterable<Key>): Map<Key, number> {
  const counted = new Map<Key, number>();
  for (const key of keys) counted.set(key, (counted.get(key) ?? 0) + 1);
  return counted;
}

const say = (said: Said): void => void process.send?.(said);

process.on('message', ({ id, scenario }: Asked) => {
  if (scenario !== undefined) {
    simulator.scenario = scenario;
    return;
  }
  const { ledger, refunds, calls } = simulator;
  const payments = calls.filter(({ name }) => name === 'micropay').map(({ out_trade_no = '' }) => out_trade_no);
  const seconds = calls.map(({ at }) => Math.floor(at / 1_000));
  say({ id, books: { ledger, refunds, payments: count(payments), calls: count(seconds) } });
});
process.on('disconnect', () => process.exit(0));
say({ client: simulator.client });
