// A till that refunds and dies, or one that comes back. What it is to do stands in CRASH_REFUND; it tells each outcome on a line of its own.
import { writeSync } from 'node:fs';
import { deserialize } from 'node:v8';
import { FileJournal, type Journal, PayClient, type PayClientOptions, PaymentProcessor } from 'wxpay-face';

export interface RefundErrand {
  readonly client: PayClientOptions;
  readonly journal: string;
  readonly out_trade_no: string;
  /** Absent: recover, until the refund has ended. */
  readonly refund?: { readonly out_refund_no: string; readonly refund_fee: number };
  /** The step at which it dies. */
  readonly diesAt?: string;
}

const {
  client: options,
  journal: directory,
  out_trade_no,
  refund,
  diesAt,
}: RefundErrand = deserialize(Buffer.from(process.env.CRASH_REFUND ?? '', 'base64'));

const passed = (step: string): void => {
  if (step === diesAt) process.kill(process.pid, 'SIGKILL');
};
const tell = (outcome: object): void => void writeSync(1, `${JSON.stringify(outcome)}\n`);

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

/** Dies before a call, while the gateway works on it, or at its answer. */
function mortalClient(client: PayClient): PayClient {
  for (const name of ['refund', 'refundquery'] as const) {
    const call = client[name].bind(client);
    const mortalCall = async (...given: [never, never]) => {
      passed(`before ${name}`);
      const answer = call(...given);
      // The gateway takes 40 ms.
      setTimeout(() => passed(`during ${name}`), 20);
      try {
        return await answer;
      } finally {
        passed(`after ${name}`);
      }
    };
    Object.assign(client, { [name]: mortalCall });
  }
  return client;
}

const client = new PayClient(options);
const journal = await FileJournal.open(directory);
const processor = new PaymentProcessor({
  client: mortalClient(client),
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
