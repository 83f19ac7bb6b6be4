// A till that dies, or one that comes back. What it is to do stands in CRASH_ERRAND; it tells each outcome on a line of its own.
import {
  FacePay,
  FaceService,
  FileJournal,
  type Journal,
  localMerchant,
  PayClient,
  type PayClientOptions,
  PayClientV3,
  type PayClientV3Options,
  type PaymentOutcome,
  PaymentProcessor,
} from 'wxpay-face';
import { dyingAt, errandOf, mortalClient, tell } from '../support/mortal.js';

export interface Errand {
  readonly client: PayClientOptions;
  /** Pays by API v3, faces too; `client` is its v2. */
  readonly v3?: PayClientV3Options | undefined;
  readonly library: string;
  readonly journal: string;
  /** Absent: recover. */
  readonly order?: { readonly out_trade_no: string; readonly total_fee: number; readonly body: string };
  /** The step at which it dies. */
  readonly diesAt?: string;
}

const { client: options, v3, library, journal: directory, order, diesAt } = errandOf<Errand>();

const passed = dyingAt(diesAt);

/** Dies before or after a write, by the state that is written. */
function mortal(journal: FileJournal): Journal {
  return {
    create: async (record) => {
      passed('before create');
      await journal.create(record);
      passed('after create');
    },
    put: async (record) => {
      const words = record.finished ? 'the end' : record.state;
      if (record.acknowledged) passed('before acknowledge');
      passed(`before writing ${words}`);
      await journal.put(record);
      passed(`after writing ${words}`);
    },
    get: (kind, id) => journal.get(kind, id),
    list: (filter) => journal.list(filter),
    prune: (before) => journal.prune(before),
    close: () => journal.close(),
  };
}

const v2 = new PayClient(options);
const client = v3 === undefined ? v2 : new PayClientV3({ ...v3, v2, faceCodes: 'v3' });
const journal = await FileJournal.open(directory);
const processor = new PaymentProcessor({
  client: mortalClient(client, ['micropay', 'orderquery', 'reverse'], passed),
  journal: mortal(journal),
  polling: { firstDelay: 60, interval: 60, timeout: 400 },
  reversal: {
    notBefore: 200,
    mode: 'await',
    settleAfter: 2_100,
    backoff: { initial: 50, factor: 2, maximum: 200, jitter: 0 },
  },
});

if (order === undefined) {
  for await (const outcome of processor.recover()) {
    tell(outcome);
    await processor.acknowledge(outcome);
  }
} else {
  const face = await FaceService.open({ library });
  const local = localMerchant(client, processor);
  const facePay = new FacePay({
    face,
    merchant: {
      identity: local.identity,
      getWxpayfaceAuthinfo: (params, given) => local.getWxpayfaceAuthinfo(params, given),
      outcome: (number) => local.outcome(number),
      pay: async (...given): Promise<PaymentOutcome> => {
        passed('before pay');
        const outcome = await local.pay(...given);
        passed('after pay');
        return outcome;
      },
    },
    terminal: { store_id: 'SZTX001', store_name: '腾大餐厅', device_id: 'TILL-1' },
  });
  const outcome = await facePay.pay(order);
  passed('after the screen');
  tell(outcome);
  if (outcome.status !== 'scan') await processor.acknowledge(outcome);
  await facePay.close();
  await face.close();
}
await processor.close();
await journal.close();
client.close();
v2.close();
