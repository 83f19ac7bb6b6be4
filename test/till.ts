import {
  type Clock,
  FacePay,
  type FacePayOptions,
  FaceService,
  localMerchant,
  MemoryJournal,
  PayClient,
  PaymentProcessor,
  type PaymentProcessorOptions,
} from 'wxpay-face';
import { type Scenario, type Simulator, startSimulator } from 'wxpay-face/simulator';

/** Waits take no time: sleeping moves the clock, as in a shop where nothing else happens meanwhile. */
export function leapingClock(): Clock {
  let now = Date.now();
  return {
    wall: () => now,
    monotonic: () => now,
    sleep: async (ms, signal) => {
      // A turn of the event loop, so that what is under way gets its chance.
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted) throw signal.reason;
      now += ms;
    },
  };
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

/** A whole till in front of a simulator: the built addon, the stub library, real TLS, a leaping clock. */
export async function openTill(
  scenario: Scenario = 'success',
  options: { payment?: Partial<PaymentProcessorOptions>; facePay?: Partial<FacePayOptions> } = {},
): Promise<Till> {
  const quick = typeof scenario === 'string' ? { scenario } : scenario;
  const simulator = await startSimulator({ scenario: { faceDelay: 10, confirmDelay: 0, latency: 0, ...quick } });
  const face = await FaceService.open({ library: simulator.library });
  const client = new PayClient(simulator.client);
  const journal = new MemoryJournal();
  const processor = new PaymentProcessor({ client, journal, clock: leapingClock(), ...options.payment });
  const facePay = new FacePay({ face, merchant: localMerchant(client, processor), terminal, ...options.facePay });
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
