import {
  type Clock,
  FacePay,
  type FacePayOptions,
  FaceService,
  localMerchant,
  MemoryJournal,
  PayClient,
  PayClientV3,
  type PayClientV3Options,
  PaymentProcessor,
  type PaymentProcessorOptions,
} from 'wxpay-face';
import { type Scenario, type Simulator, startSimulator } from 'wxpay-face/simulator';
import { sleepOn } from './simulated/sleep.js';

const paymentCalls = ['micropay', 'orderquery', 'reverse', 'facepay', 'facepayquery', 'facepayreverse'] as const;

/**
 * Waits take no time: as soon as none of the client's calls is under way, the clock leaps to the next sleeper's hour.
 * The client is the real one, its calls counted.
 */
function leapOver(client: PayClient | PayClientV3): { client: PaymentProcessorOptions['client']; clock: Clock } {
  let now = Date.now();
  let underWay = 0;
  const sleepers = new Set<{ until: number; wake: () => void }>();
  const leap = (): void => {
    const [next] = [...sleepers].sort((a, b) => a.until - b.until);
    if (!next) return;
    if (underWay === 0) {
      sleepers.delete(next);
      now = Math.max(now, next.until);
      next.wake();
    }
    setImmediate(leap);
  };
  const counted = <Counted extends PayClient | PayClientV3>(each: Counted): Counted => {
    const calls = paymentCalls.map((name) => [
      name,
      (...given: [never, never]) => {
        underWay += 1;
        return each[name](...given).finally(() => {
          underWay -= 1;
        });
      },
    ]);
    return Object.assign(Object.create(each), Object.fromEntries(calls));
  };
  const clock: Clock = {
    wall: () => now,
    monotonic: () => now,
    sleep: (ms, signal) =>
      sleepOn((wake) => {
        const sleeper = { until: now + ms, wake };
        if (sleepers.size === 0) setImmediate(leap);
        sleepers.add(sleeper);
        return () => void sleepers.delete(sleeper);
      }, signal),
  };
  const leaping = counted(client);
  if ('v2' in client && client.v2 !== undefined) Object.assign(leaping, { v2: counted(client.v2) });
  return { client: leaping, clock };
}

export interface Till {
  simulator: Simulator;
  face: FaceService;
  client: PayClient;
  journal: MemoryJournal;
  processor: PaymentProcessor;
  facePay: FacePay;
  /** Names of the calls so far, in order. */
  calls(): string[];
  close(): Promise<void>;
}

export const terminal = { store_id: 'SZTX001', store_name: '腾大餐厅', device_id: 'TILL-1' };

/** A whole till in front of a simulator: the built addon, the stub library, real TLS, waits that take no time. */
export async function openTill(
  scenario: Scenario = 'success',
  options: {
    payment?: Partial<PaymentProcessorOptions>;
    facePay?: Partial<FacePayOptions>;
    library?: string;
    /** Pays by API v3, beside v2. */
    v3?: Partial<PayClientV3Options>;
  } = {},
): Promise<Till> {
  const quick = typeof scenario === 'string' ? { scenario } : scenario;
  const simulator = await startSimulator({ scenario: { faceDelay: 10, confirmDelay: 0, latency: 0, ...quick } });
  const face = await FaceService.open({ library: options.library ?? simulator.library });
  const client = new PayClient(simulator.client);
  const v3 = options.v3 && new PayClientV3({ ...simulator.clientV3, v2: client, ...options.v3 });
  const journal = new MemoryJournal();
  const processor = new PaymentProcessor({ ...leapOver(v3 ?? client), journal, ...options.payment });
  const merchant = localMerchant(v3 ?? client, processor);
  const facePay = new FacePay({ face, merchant, terminal, ...options.facePay });
  return {
    simulator,
    face,
    client,
    journal,
    processor,
    facePay,
    calls: () => simulator.calls.map(({ name }) => name),
    close: async () => {
      await processor.close();
      await journal.close();
      client.close();
      v3?.close();
      // The simulated service first: it ends calls that wait for a customer.
      await simulator.close();
      await facePay.close();
      await face.close();
    },
  };
}

let serial = 0;
export const newOrder = () => {
  serial += 1;
  return { out_trade_no: `T-${process.pid}-${serial}`, total_fee: 1250, body: '拿铁咖啡' };
};
