import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findPrebuild } from '../face/native.js';
import type { PayClientOptions } from '../pay/types.js';
import { type CallEntry, CallLog } from './call-log.js';
import { certificatesFor } from './certificates.js';
import { SimulatedFaceService } from './face-service.js';
import { Gateway } from './gateway.js';
import { IssuedCodes } from './issued-codes.js';
import { Ledger, type LedgerEntry } from './ledger.js';
import { type Scenario, settingsOf } from './scenario.js';

export type { Scenario, ScenarioName, Settings } from './scenario.js';
export { scenarios } from './scenario.js';

export interface SimulatorOptions {
  /** The gateway's port. 0 (default): any free one. */
  port?: number;
  /**
   * Where the simulated WxpayFaceService listens. Default on Windows: the vendor's own pipe; elsewhere: a socket in a new
   * private folder.
   */
  pipe?: string;
  /** How customer and gateway behave, until told otherwise. Default 'success': the face is recognised, the payment succeeds. */
  scenario?: Scenario;
}

export interface Simulator {
  /** What a till needs to use this simulator; pass to PayClient as it is. */
  readonly client: PayClientOptions;
  /** The stub library for this process's architecture; pass to FaceService.open. */
  readonly library: string;
  /** Environment for a process that loads the stub library. startSimulator sets it in its own process. */
  readonly env: Record<string, string>;
  /**
   * How customer, service and gateway behave from now on: a name of {@link scenarios}, or a record of settings.
   * Setting it throws InvalidParameterError for what it doesn't know.
   */
  scenario: Scenario;
  /** The gateway's book: every order with its state and what was charged and refunded, in fen. */
  readonly ledger: ReadonlyArray<Readonly<LedgerEntry>>;
  /** Every call that service and gateway received, in order. Holds no credential. */
  readonly calls: ReadonlyArray<Readonly<CallEntry>>;
  close(): Promise<void>;
}

const windows = process.platform === 'win32';

/** Where the real service listens (field facts, "The library"). */
const vendorPipe = '\\\\.\\pipe\\wxpayface';

/**
 * Plays WxpayFaceService on the pipe and the payment gateway over TLS on loopback, with certificates, key and merchant of
 * its own, so that a till runs unchanged without a camera or a merchant account.
 *
 * @throws InvalidParameterError for an unknown scenario; a system error where port or pipe is taken.
 * @example
 * const simulator = await startSimulator({ scenario: 'userpaying-then-paid' });
 * const face = await FaceService.open({ library: simulator.library });
 * const client = new PayClient(simulator.client);
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  let scenario = options.scenario ?? 'success';
  let settings = settingsOf(scenario);
  const library = findPrebuild(process.arch, windows ? 'WxpayFaceSDK.dll' : 'libWxpayFaceSDK.so');
  const merchant = {
    appid: 'wx5f3a000000000001',
    mch_id: '1900000109',
    key: randomBytes(16).toString('hex'),
  };
  const certificates = certificatesFor(merchant.mch_id);
  const context = {
    merchant,
    certificates,
    ledger: new Ledger(),
    codes: new IssuedCodes(),
    log: new CallLog(),
    settings: () => settings,
  };

  const ownFolder = options.pipe === undefined && !windows ? mkdtempSync(join(tmpdir(), 'wxpay-face-')) : undefined;
  const pipe = options.pipe ?? (ownFolder ? join(ownFolder, 'service.sock') : vendorPipe);
  const service = new SimulatedFaceService(context, pipe);
  const gateway = await Gateway.listen(context, options.port ?? 0);
  if (settings.service === 'running') await service.start();
  const env = { WXPAY_FACE_PIPE: pipe };
  Object.assign(process.env, env);

  return {
    library,
    env,
    client: {
      appid: merchant.appid,
      mch_id: merchant.mch_id,
      key: merchant.key,
      certificate: certificates.client,
      endpoints: { pay: gateway.origin, payBackup: false, face: gateway.origin },
      ca: certificates.ca,
    },
    get scenario() {
      return scenario;
    },
    set scenario(next) {
      settings = settingsOf(next);
      scenario = next;
      if (settings.gateway === 'down') gateway.disconnect();
      if (settings.service === 'down') service.stop();
      else service.start().catch((error: Error) => process.emitWarning(error));
    },
    get ledger() {
      return context.ledger.entries;
    },
    get calls() {
      return context.log.entries;
    },
    async close() {
      service.stop();
      await gateway.close();
      if (ownFolder) rmSync(dirname(pipe), { recursive: true, force: true });
    },
  };
}
