// A till that refunds and dies, or one that comes back. What it is to do stands in CRASH_ERRAND; it tells each outcome on a line of its own.
import {
  FileJournal,
  type Journal,
  PayClient,
  type PayClientOptions,
  PayClientV3,
  type PayClientV3Options,
  PaymentProcessor,
} from 'wxpay-face';
import { dyingAt, errandOf, mortalClient, tell } from '../../support/mortal.js';

export interface RefundErrand {
  readonly client: PayClientOptions;
  /** Refunds by API v3. */
  readonly v3?: PayClientV3Options | undefined;
  readonly journal: string;
  readonly out_trade_no: string;
  /** Absent: recover, until the refund has ended. */
  readonly refund?: { readonly out_refund_no: string; readonly refund_fee: number };
  /** The step at which it dies. */
  readonly diesAt?: string;
}

const { client: options, v3, journal: directory, out_trade_no, refund, diesAt } = errandOf<RefundErrand>();

const passed = dyingAt(diesAt);

let copies = 0;

/** Dies before or after a write: the reservation, the refund's own states, and their copies in the sale's record. */
function mortal(journal: FileJournal): Journal {
  const at = async (step: string, write: () => Promise<void>) => {
    passed(`before ${step}`);
    await write();
    passed(`after ${step}`);
  };
  return {
    create: (record) => at(`create ${record.kind}`, () => journal.create(record)),
    put: (record) => {
      if (record.kind === 'refund')
        return at(record.acknowledged ? 'acknowledge' : `writing ${record.state}`, () => journal.put(record));
      copies += 1;
      return at(copies === 1 ? 'reserving' : 'copying', () => journal.put(record));
    },
    get: (kind, id) => journal.get(kind, id),
    list: (filter) => journal.list(filter),
    prune: (before) => journal.prune(before),
    close: () => journal.close(),
  };
}

const client = v3 === undefined ? new PayClient(options) : new PayClientV3(v3);
const journal = await FileJournal.open(directory);
const processor = new PaymentProcessor({
  client: mortalClient(client, ['refund', 'refundquery'], passed),
  journal: mortal(journal),
  refund: { firstQuery: 50, backoff: { initial: 50, maximum: 200 } },
  reversal: { settleAfter: 2_100, notBefore: 200 },
});
if (refund !== undefined) await processor.refund(out_trade_no, refund);
for (const each of await processor.refunds(out_trade_no)) {
  // One that was only reserved is nobody's until it is asked for again.
  const record = await journal.get('refund', each.out_refund_no);
  if (record === undefined) continue;
  const outcome = await processor.refundSettled(each.out_refund_no);
  passed('before telling');
  if (!record.acknowledged) tell(outcome);
  await processor.acknowledge(outcome);
}
await processor.close();
await journal.close();
client.close();
