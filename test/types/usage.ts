// How a till's developer writes against the package. Only compiled, against the built declarations: test/docs/usage.test.ts.
import {
  type AttentionCode,
  type Bill,
  BillError,
  type BillRow,
  type Clock,
  type Description,
  describe,
  type ErrorCode,
  FacePay,
  type FacePayOutcome,
  FaceService,
  type FailureCode,
  FileJournal,
  InvalidParameterError,
  InvalidPolicyError,
  type Journal,
  type JournalRecord,
  localMerchant,
  MemoryJournal,
  type Merchant,
  type Order,
  OrderUnknownError,
  openTill,
  PayClient,
  type PayClientOptions,
  PayClientV3,
  type PayClientV3Options,
  type PaymentClient,
  type PaymentOutcome,
  PaymentProcessor,
  type PaymentProcessorOptions,
  type PaymentProgress,
  PayTransportError,
  type RefundNotice,
  type RefundOutcome,
  type RefundQueryResult,
  type RemoteMerchant,
  remoteMerchant,
  type Till,
  type TillHealth,
  type Trouble,
  WxpayFaceError,
} from 'wxpay-face';
import { type Scenario, type Simulator, startSimulator } from 'wxpay-face/simulator';

declare const screen: { show(title: string, text: string): void };
declare function printReceipt(outcome: PaymentOutcome & { status: 'paid' }): void;
declare function save(id: string, outcome: unknown): Promise<void>;

const simulator: Simulator = await startSimulator({ scenario: { latency: 1 } });
const scenario: Scenario = 'pay-timeout';
simulator.scenario = scenario;
const client = new PayClient({ ...simulator.client, callsPerSecond: 30 });
client.callsPerSecond = undefined;
const ours: PayClientV3Options = { ...simulator.clientV3, v2: client };
const v3 = new PayClientV3(ours);
const v3Processor = new PaymentProcessor({ client: v3, journal: new MemoryJournal() });
const v3Merchant: Merchant = localMerchant(v3, v3Processor);
const otherCall: { status: number; body: unknown } = await v3.request('GET', '/v3/certificates');
const clock: Clock = { wall: () => 0, monotonic: () => 0, sleep: async () => {} };
const options: PaymentProcessorOptions = {
  client,
  journal: await FileJournal.open('./payments', { keep: 1, mirror: 'D:/payments' }),
  journalTimeout: 5000,
  onOutcome: async (outcome) => save(outcome.out_trade_no, outcome),
  polling: { timeout: 50_000 },
  reversal: { mode: 'await', backoff: { maximum: 30_000 } },
  clock,
};
const processor = new PaymentProcessor(options);
const merchant: Merchant = localMerchant(client, processor);
const face = await FaceService.open({ library: simulator.library, host: 'auto', callTimeout: 1, humanTimeout: 1 });
const facePay = new FacePay({ face, merchant, terminal: { store_id: 's', store_name: 's', device_id: 'd' } });

const onProgress = ({ step, until, trouble, phase, attempt, detail }: PaymentProgress) => {
  if (step === 'password') screen.show('password', String(until));
  const why: Trouble | undefined = trouble;
  return [why, phase, attempt, detail];
};

/** Every outcome, and every field of it. */
function told(outcome: FacePayOutcome): unknown {
  switch (outcome.status) {
    case 'paid':
      printReceipt(outcome);
      return [outcome.transaction_id, outcome.total_fee, outcome.cash_fee, outcome.openid, outcome.time_end];
    case 'declined':
      return [outcome.err_code, outcome.err_code_des];
    case 'failed': {
      const code: FailureCode = outcome.code;
      return [code, outcome.reason];
    }
    case 'cancelled': {
      const by: 'customer' | 'cashier' | 'timeout' = outcome.by;
      return by;
    }
    case 'reversed':
    case 'reversing': {
      const why: 'unknown' | 'given-up' | 'payerror' = outcome.why;
      return outcome.status === 'reversing' ? [why, outcome.trouble] : why;
    }
    case 'attention': {
      const code: AttentionCode = outcome.code;
      return [code, outcome.reason];
    }
    case 'scan':
      return undefined;
    default: {
      const never: never = outcome;
      return never;
    }
  }
}

function show({ title, text, advice, handOver }: Description): void {
  screen.show(title, handOver ? text : `${text} ${advice}`);
}

async function sell(order: Order): Promise<void> {
  try {
    const outcome = await facePay.pay(order, { onProgress, signal: AbortSignal.timeout(60_000), screen_index: '1' });
    told(outcome);
    show(describe(outcome, 'zh'));
    if (outcome.status !== 'scan') await processor.acknowledge(outcome);
  } catch (error) {
    show(describe(error, 'en'));
    if (error instanceof WxpayFaceError) screen.show(String(codes(error)), '');
    if (error instanceof InvalidParameterError) screen.show(error.parameter, error.rule);
    if (error instanceof InvalidPolicyError) screen.show(error.field, error.rule);
    if (error instanceof OrderUnknownError) screen.show(error.code, error.out_trade_no);
  }
}

function codes(error: WxpayFaceError): number {
  const code: ErrorCode = error.code;
  switch (code) {
    case 'ERR_JOURNAL_LOCKED':
      return 1;
    // @ts-expect-error There is no such code.
    case 'ERR_OF_ANOTHER_PACKAGE':
      return 2;
    default:
      return 0;
  }
}

function optional(attach: string | undefined): Order {
  return {
    out_trade_no: 'A',
    total_fee: 1,
    body: 'x',
    attach,
    detail: attach,
    device_info: attach,
    extra: attach === undefined ? undefined : { attach },
  };
}

/** A certificate as it comes from another process. */
const bytes = new Uint8Array(3);
const certificates: PayClientOptions[] = [
  { ...simulator.client, certificate: { pfx: bytes, passphrase: 'p' }, ca: bytes },
  { ...simulator.client, certificate: { cert: bytes, key: bytes }, ca: [bytes, 'pem'] },
  { ...simulator.client, certificate: { cert: 'pem', key: 'pem' }, ca: 'pem' },
];

/** A day's refunds and its bill. */
async function closeTheDay(): Promise<number> {
  const result: RefundQueryResult = await client.refundquery({ out_trade_no: 'S-0001' }, { fresh: true });
  const refunds = result.result_code === 'SUCCESS' ? result.refunds : [];
  const given: number = refunds.reduce((sum, { refund_fee }) => sum + refund_fee, 0);
  const channels: Array<string | number | undefined> = refunds.map(({ refund_channel }) => refund_channel);
  const notice: RefundNotice = client.readRefundNotice('<xml/>');
  await client.refundquery({ out_refund_no: notice.out_refund_no });
  await save(notice.refund_id, { given, channels });
  try {
    const bill: Bill = await client.downloadBill({ bill_date: '20241123', bill_type: 'ALL' });
    const seen: BillRow[] = [];
    for await (const row of bill.rows) if (row.refund_fee !== undefined) seen.push(row);
    const flow = await client.downloadFundFlow({ bill_date: '20241123', account_type: 'Basic' });
    flow.close();
    const { 总交易单数: count = 0 } = await bill.summary();
    return count - seen.length;
  } catch (error) {
    if (error instanceof BillError && error.code === 'ERR_BILL_MISSING') return 0;
    throw error;
  }
}
void closeTheDay;

/** A client of one's own: what the processor needs, and no more. */
class Gateway {
  identity = { appid: 'a', mch_id: 'm' };
  requestTimeout = 100;
  async micropay(): Promise<{ result_code: 'SUCCESS'; transaction_id: string }> {
    throw new PayTransportError('nothing left', false);
  }
  async orderquery() {
    return { result_code: 'SUCCESS' as const, trade_state: 'SUCCESS' };
  }
  async reverse() {
    return { result_code: 'SUCCESS' as const };
  }
  async facepay() {
    return this.micropay();
  }
  async facepayquery() {
    return this.orderquery();
  }
  async facepayreverse() {
    return this.reverse();
  }
}
const own: PaymentClient = new Gateway();
const ownProcessor = new PaymentProcessor({ client: new Gateway(), journal: new MemoryJournal() });
new PayTransportError('perhaps', true, { cause: new Error('reset') });

/** A journal of one's own. */
class Rows implements Journal {
  async create(_record: JournalRecord) {}
  async put(_record: JournalRecord) {}
  async get(_kind: JournalRecord['kind'], _id: string): Promise<JournalRecord | undefined> {
    return undefined;
  }
  async *list(_filter?: { kind?: JournalRecord['kind']; finished?: boolean; acknowledged?: boolean }) {}
  async prune(_before: number) {
    return 0;
  }
  async close() {}
}
const rows: Journal = new Rows();

async function otherCommands(appid: string | undefined): Promise<unknown> {
  const user = await face.getWxpayfaceUserInfo({ appid: 'a' }, { signal: AbortSignal.timeout(1) });
  await face.getWxpayAuth({ appid, quit_face_auth: '1' });
  await face.call('reportInfo', { anything: 1 });
  const code = await face.getWxpayfaceCode({
    appid: 'a',
    mch_id: 'm',
    store_id: 's',
    authinfo: 'i',
    face_authtype: 'FACEPAY',
    face_code_type: '1',
  });
  return [user.return_code === 'SUCCESS' && user.openid, code.return_code === 'SUCCESS' && code.face_code];
}

async function end(): Promise<void> {
  for await (const outcome of processor.recover()) told(outcome);
  told(await processor.settled('A'));
  told(await processor.cancel('A'));
  await processor.acknowledge({ out_trade_no: 'A' });
  await facePay.close();
  await face.close({ timeout: 1000 });
  await processor.close();
  client.close();
  await simulator.close();
}

declare const scanner: { next(): Promise<string>; read(signal: AbortSignal): Promise<string> };
declare const lamp: { shine(isGreen: boolean): void };

/** A whole till in one object. */
const till: Till = await openTill({
  face: { library: simulator.library },
  merchant: simulator.client,
  journal: './payments',
  terminal: { store_id: 'S1', store_name: 'shop', device_id: 'T1' },
  onOutcome: async (outcome) => {
    if ('kind' in outcome) {
      const refund: RefundOutcome = outcome;
      await save(refund.out_refund_no, refund);
    } else {
      const payment: PaymentOutcome = outcome;
      await save(payment.out_trade_no, payment);
    }
  },
  onHealth: ({ camera, merchant: gateway }) => lamp.shine(camera === 'ready' && gateway === 'reachable'),
});
const mirrored = { folder: './payments', mirror: 'D:/payments', keep: 1 };
const withPolicies: Till = await openTill({
  merchant: client,
  journal: mirrored,
  terminal: { store_id: 'S1', store_name: 'shop', device_id: 'T1' },
  polling: { timeout: 50_000 },
  reversal: { mode: 'await' },
  onOutcome: () => {},
});
// @ts-expect-error A local merchant needs a journal.
await openTill({ merchant: client, terminal: { store_id: 'S', store_name: 's', device_id: 'd' }, onOutcome: () => {} });
// @ts-expect-error Somebody must hear what nobody waits for any more.
await openTill({ merchant: client, journal: 'x', terminal: { store_id: 'S', store_name: 's', device_id: 'd' } });

async function sellAtTill(order: Order): Promise<unknown> {
  const health: TillHealth = till.health;
  const outcome = await till.pay(order, { scan: () => scanner.next(), customerTimeout: 60_000, onProgress });
  await till.acknowledge(outcome);
  const other = await till.pay(order, {
    scan: (signal, wrong) => {
      if (wrong === 'other-wallet') screen.show('WeChat', '');
      return scanner.read(signal);
    },
  });
  const scanned: PaymentOutcome = await till.payByCode(order, await scanner.next(), { signal: AbortSignal.timeout(1) });
  const refund = await till.refund(order.out_trade_no, { out_refund_no: 'R1', refund_fee: 100 });
  await till.acknowledge(refund);
  for await (const difference of till.reconcile('20261125')) screen.show(difference.kind, difference.out_trade_no);
  const known: PaymentOutcome | undefined = await till.outcome('A');
  const refunds: RefundOutcome[] = await till.refunds('A');
  const settled = [await till.settled('A'), await till.refundSettled('R1'), await till.cancel('A')];
  await till.close();
  return [health, told(other), scanned, known, refunds, settled, withPolicies];
}

/** A merchant on a server, alone and as a whole till. */
async function withoutKeys(): Promise<unknown> {
  const url = 'https://pay.example.com';
  const remote: RemoteMerchant = await remoteMerchant({ url, token: 't', ca: bytes });
  const asMerchant: Merchant = remote;
  for await (const outcome of remote.unacknowledged()) await remote.acknowledge(outcome);
  const refunds: RefundOutcome[] = await remote.refunds('A');
  await remote.refund('A', { out_refund_no: 'R', refund_fee: 1 }, { signal: AbortSignal.timeout(1) });
  const ends = [await remote.cancel('A'), await remote.settled('A'), await remote.refundSettled('R')];
  await remote.close();
  const remoteTill: Till = await openTill({
    merchant: { server: url, token: 't', ca: 'pem' },
    terminal: { store_id: 'S1', store_name: 'shop', device_id: 'T1' },
    onOutcome: () => {},
  });
  return [asMerchant.identity, refunds, ends, remoteTill];
}

export {
  certificates,
  end,
  optional,
  otherCall,
  otherCommands,
  own,
  ownProcessor,
  rows,
  sell,
  sellAtTill,
  v3Merchant,
  withoutKeys,
};
