import { randomBytes } from 'node:crypto';
import { findPrebuild } from '../addon.js';
import type { PayClientOptions } from '../pay/options.js';
import type { PayClientV3Options } from '../pay/v3/options.js';
import { billOf } from './bill.js';
import { type CallEntry, CallLog } from './call-log.js';
import { CallRate } from './call-rate.js';
import { certificatesFor } from './certificates.js';
import { ConsoleServer } from './console/server.js';
import { ConsoleTill } from './console/till.js';
import { act, type CustomerAction, offered } from './customer.js';
import { SimulatedFaceService } from './face-service.js';
import { Gateway } from './gateway.js';
import { IssuedCodes } from './issued-codes.js';
import { Ledger } from './ledger.js';
import type { LedgerEntry, RefundEnd } from './money.js';
import { RefundFollowUp } from './refund-follow-up.js';
import { type RefundEntry, Refunds } from './refunds.js';
import { booksOf } from './routes.js';
import { asRecord, type Scenario, settingsOf } from './scenario.js';
import { checkPipe, defaultPipe } from './service-pipe.js';

export type { CallEntry } from './call-log.js';
export type { CustomerAction } from './customer.js';
export type { GatewayCall } from './gateway-calls.js';
export type { LedgerEntry, RefundEnd } from './money.js';
export type { RefundEntry } from './refunds.js';
export type { Scenario, ScenarioName, ScenarioSettings } from './scenario.js';
export { scenarios } from './scenario.js';

/** Where a simulator listens, and how it begins. */
export interface SimulatorOptions {
  /** The gateway's port. Default 0, which the system takes for any free one. */
  port?: number;
  /**
   * Where the simulated WxpayFaceService listens. Default on Windows: the vendor's own pipe; elsewhere: a socket in a new
   * private folder. A pipe's name begins with `\\.\pipe\` and has at most 256 characters, a socket's path at most 107 bytes
   * (103 on macOS).
   */
  pipe?: string;
  /** How customer and gateway behave, until told otherwise. Default 'success': the face is recognised, the payment succeeds. */
  scenario?: Scenario;
  /**
   * Where the gateway posts the notification of each refund that has ended, unless the refund has a `notify_url` of its own:
   * `http://` or `https://`. Default: nowhere. The console can change it.
   */
  notifyUrl?: string;
}

/** A running simulator. */
export interface Simulator {
  /** What a till needs to use this simulator; pass to PayClient as it is. */
  readonly client: PayClientOptions;
  /** The same merchant by API v3: pass to PayClientV3, with a `v2` if faces are paid, too. */
  readonly clientV3: PayClientV3Options;
  /** The stub library for this process's architecture; pass to FaceService.open. */
  readonly library: string;
  /** Environment for a process that loads the stub library. startSimulator sets it in its own process. */
  readonly env: Record<string, string>;
  /**
   * A web page on loopback where a person plays customer and cashier, watches each payment as it happens, and switches how
   * service and gateway behave. The cashier's till is one of the page's own, opened in this process by its first sale. Whoever
   * knows this address can do so: it holds a random token.
   */
  readonly consoleUrl: string;
  /**
   * How customer, service and gateway behave from now on: a name of {@link scenarios}, or a record of settings.
   * Setting it throws InvalidParameterError for what it doesn't know.
   */
  scenario: Scenario;
  /** The gateway's book: every order with its state and what was charged and refunded, in fen. */
  readonly ledger: ReadonlyArray<Readonly<LedgerEntry>>;
  /** The gateway's book of refunds, in the order in which they were taken. */
  readonly refunds: ReadonlyArray<Readonly<RefundEntry>>;
  /** Every call that service and gateway received, in order. Credentials and personal data are masked. */
  readonly calls: ReadonlyArray<Readonly<CallEntry>>;
  /**
   * The customer does something now, if the scenario leaves it to you (`face` or `password` 'waiting', `confirm`
   * 'never').
   * @returns false if nothing asks for it.
   * @example
   * simulator.scenario = { payment: 'password', password: 'waiting' };
   * const outcome = facePay.pay(order);
   * // … once the till has been told USERPAYING
   * simulator.act('enter-password');
   */
  act(action: CustomerAction): boolean;
  /**
   * Ends a refund now, whatever the scenario said when it was taken (`refundEnd`, `refundDelay`).
   * @returns false if it isn't PROCESSING.
   * @example
   * simulator.scenario = 'refund-pending';
   * await client.refund(refund);
   * simulator.endRefund(refund.out_refund_no, 'SUCCESS');
   */
  endRefund(out_refund_no: string, end: RefundEnd): boolean;
  /**
   * Sends the notification of a refund that has ended once more; what became of it is its `notice` later.
   * @returns false if the refund is unknown or hasn't ended, or if there is no address.
   */
  notifyRefund(out_refund_no: string): boolean;
  /** Ends service, gateway and console with its till; calls that wait for the customer are broken off. */
  close(): Promise<void>;
}

/** How many orders and events of a long session the console shows. */
const newest = 500;

/**
 * Plays WxpayFaceService on the pipe and the payment gateway over TLS on loopback, with certificates, key and merchant of
 * its own, so that a till runs unchanged without a camera or a merchant account.
 *
 * The stub library reads the address of the pipe from its process's environment, of which a worker thread has only a copy:
 * start the worker with `env: SHARE_ENV`, or open the library with `host: 'host-process'`.
 *
 * @throws InvalidParameterError for an unknown scenario, for a `pipe` that the system would refuse, and for a
 * `notifyUrl` that is not an address; a system error if port or pipe is taken.
 * @example
 * const simulator = await startSimulator({ scenario: 'userpaying-then-paid' });
 * const face = await FaceService.open({ library: simulator.library });
 * const client = new PayClient(simulator.client);
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  let scenario = options.scenario ?? 'success';
  let settings = settingsOf(scenario);
  if (options.pipe !== undefined) checkPipe(options.pipe);
  const library = findPrebuild(process.platform === 'win32' ? 'WxpayFaceSDK.dll' : 'libWxpayFaceSDK.so');
  const merchant = {
    appid: 'wx5f3a000000000001',
    mch_id: '1900000109',
    key: randomBytes(16).toString('hex'),
    sandboxKey: randomBytes(16).toString('hex'),
  };
  const certificates = certificatesFor(merchant.mch_id);
  const book = new Ledger();
  const context = {
    merchant,
    certificates,
    ledger: book,
    refunds: new Refunds(book, (refund) => followUp.hear(refund)),
    codes: new IssuedCodes(),
    rate: new CallRate(),
    log: new CallLog(),
    settings: () => settings,
  };
  const { ledger, refunds, log } = context;
  const followUp = new RefundFollowUp({ ...context, changed: () => webConsole.changed() });

  const gateway = await Gateway.listen(context, options.port ?? 0);
  const { pipe, remove } = options.pipe === undefined ? defaultPipe() : { pipe: options.pipe, remove: () => undefined };
  const service = new SimulatedFaceService(context, pipe);
  const customer = { ...context, service };

  // What is due by now has ended.
  const ledgerNow = (): readonly LedgerEntry[] => {
    refunds.settle(settings, Date.now());
    return ledger.entries;
  };
  const refundsNow = (): readonly RefundEntry[] => {
    refunds.settle(settings, Date.now());
    return refunds.entries;
  };
  const endRefund = (out_refund_no: string, end: RefundEnd): boolean =>
    refunds.end(out_refund_no, end, settings, Date.now());
  const notifyRefund = (out_refund_no: string): boolean => {
    refunds.settle(settings, Date.now());
    const refund = refunds.find(out_refund_no);
    return refund !== undefined && followUp.notify(refund);
  };

  let closed = false;
  const changeScenario = (next: Scenario): void => {
    settings = settingsOf(next);
    scenario = next;
    if (closed) return;
    if (settings.gateway === 'down') gateway.disconnect();
    if (settings.service === 'down') service.stop();
    else service.start().catch((error: Error) => process.emitWarning(error));
    webConsole.changed();
  };
  const client: PayClientOptions = {
    appid: merchant.appid,
    mch_id: merchant.mch_id,
    key: merchant.key,
    certificate: certificates.client,
    endpoints: { pay: gateway.origin, payBackup: false, face: gateway.origin },
    ca: certificates.ca,
  };
  const till = new ConsoleTill({ client, library, changed: () => webConsole.changed() });
  const webConsole = new ConsoleServer({
    snapshot: () => ({
      gateway: gateway.origin,
      pipe,
      scenario: String(asRecord(scenario).scenario ?? 'success'),
      settings,
      screen: { shows: service.screen, abandoned: service.abandoned, ...service.order },
      till: till.state,
      password: ledger.awaitingPassword(settings, Date.now()),
      offered: offered(customer),
      ledger: ledgerNow().slice(-newest),
      refunds: refundsNow().slice(-newest),
      notifyUrl: followUp.notifyUrl,
      ...log.recent(newest),
    }),
    act: (action) => act(action, customer),
    setScenario: changeScenario,
    set: (changes) => changeScenario({ ...asRecord(scenario), ...changes }),
    endRefund,
    notifyRefund,
    setNotifyUrl: (notifyUrl) => {
      followUp.notifyUrl = notifyUrl;
    },
    bill: (bill_date) => billOf(booksOf(context, Date.now()), { bill_date, bill_type: 'ALL' }, settings, Date.now()),
    till,
  });
  log.on('change', () => webConsole.changed());
  service.on('screen', () => webConsole.changed());

  const close = async (): Promise<void> => {
    closed = true;
    // The service first: it ends calls that wait for a customer.
    service.stop();
    followUp.close();
    await Promise.all([till.close(), gateway.close(), webConsole.close()]);
    remove();
  };
  try {
    followUp.notifyUrl = options.notifyUrl ?? '';
    await webConsole.listen();
    if (settings.service === 'running') await service.start();
  } catch (error) {
    await close();
    throw error;
  }
  const env = { WXPAY_FACE_PIPE: pipe };
  Object.assign(process.env, env);

  return {
    library,
    env,
    consoleUrl: webConsole.url,
    client,
    get clientV3() {
      const { merchant: ours, platform, publicKey } = certificates.v3();
      return {
        appid: merchant.appid,
        mch_id: merchant.mch_id,
        privateKey: ours.key,
        serial_no: ours.serial_no,
        verify: [{ id: publicKey.id, publicKey: publicKey.publicKey }, { certificate: platform.cert }],
        store: { out_id: 'S1' },
        endpoints: { pay: gateway.origin, payBackup: false as const },
        ca: certificates.ca,
      };
    },
    get scenario() {
      return scenario;
    },
    set scenario(next) {
      changeScenario(next);
    },
    get ledger() {
      return ledgerNow();
    },
    get refunds() {
      return refundsNow();
    },
    get calls() {
      return log.entries;
    },
    act: (action) => act(action, customer),
    endRefund,
    notifyRefund,
    close,
  };
}
