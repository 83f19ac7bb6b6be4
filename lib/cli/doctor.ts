import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InvalidParameterError } from '../errors.js';
import { ServiceCallError } from '../face/errors.js';
import { FaceService } from '../face/service.js';
import type { PayClient } from '../pay/client.js';
import { PayProtocolError, PayResponseError, PaySignatureError, PayTransportError } from '../pay/errors.js';
import { checkOptions, type Settings } from '../pay/options.js';
import type { PayClientOptions } from '../pay/types.js';
import { JournalError } from '../payment/errors.js';
import { type Config, makeClient, readConfig } from './config.js';
import { exitCodes } from './exit.js';
import { type Knock, KnockError, knock, ownCertificate } from './gateway-probe.js';
import { onInterruption } from './interruption.js';
import type { Output } from './output.js';
import { journalAt, withJournal } from './payments.js';

export interface Verdict {
  readonly status: 'ok' | 'warn' | 'fail' | 'skip';
  /** What was found. */
  readonly says: string;
  /** What to do about it. */
  readonly todo?: string;
}

export interface Finding extends Verdict {
  readonly name: string;
}

/** What the checks look at. */
export interface Patient {
  readonly config: string | undefined;
  readonly journal: string | undefined;
  /** Milliseconds since the epoch, by this machine's clock. */
  now(): number;
  readonly signal: AbortSignal;
  /** Milliseconds. A camera takes its time to start; a service that is silent for longer hangs. */
  readonly serviceTimeout: number;
}

/** What earlier checks found out for later ones, which run only if those were good. */
interface Facts {
  config?: Config;
  merchant?: { options: PayClientOptions; settings: Settings; client: PayClient };
  face?: FaceService;
  /** How initWxpayface ended. */
  init?: unknown;
  /** The service may be blocked for ever: nothing can wait for it. */
  serviceSilent?: boolean;
  rawdata?: string;
  pay?: Knock | KnockError;
  /** When that was, by this machine's clock. */
  knockedAt?: number;
}

interface Check {
  readonly name: string;
  /** Checks without whose success this one has no meaning. */
  readonly needs: readonly string[];
  run(facts: Facts, patient: Patient): Verdict | Promise<Verdict>;
}

const ok = (says: string): Verdict => ({ status: 'ok', says });
const warn = (says: string, todo: string): Verdict => ({ status: 'warn', says, todo });
const fail = (says: string, todo: string): Verdict => ({ status: 'fail', says, todo });
const skip = (says: string): Verdict => ({ status: 'skip', says });

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const day = 24 * 60 * 60 * 1000;
const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** An earlier check's fact. Missing only where `needs` is wrong. */
function fact<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('A check lacks an earlier one in its needs');
  return value;
}

/** The library has no time-out of its own (field facts). */
async function inTime<T>(facts: Facts, { serviceTimeout }: Patient, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      facts.serviceSilent = true;
      reject(new Error(`WxpayFaceService did not answer within ${serviceTimeout / 1000} s`));
    }, serviceTimeout);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

const keyAdvice =
  'compare `key` (the API v2 key) and `mch_id` with the merchant site (账户中心, API安全); a new key works only after the old one was replaced everywhere';

/** What an unsigned refusal is about, by the vendor's words. */
function adviceOn({ return_msg = '' }: PayProtocolError): string {
  if (/签名/.test(return_msg)) return keyAdvice;
  if (/appid|mch_?id|商户号/i.test(return_msg))
    return 'compare `appid` and `mch_id` with the merchant site; they must be bound to each other';
  return 'ask WeChat Pay what this answer means';
}

/** Nothing usable came back; but an alert within TLS is the gateway's own word, and the network is good. */
function isNetworkFault(error: unknown): boolean {
  if (!(error instanceof PayTransportError)) return false;
  const { cause } = error;
  return !(cause instanceof Error && 'code' in cause && /^ERR_SSL_.*_ALERT_/.test(String(cause.code)));
}

/** A number that no order has. */
const impossibleNumber = (): string => `DOCTOR${randomBytes(13).toString('hex')}`;

/** What a gateway that took the certificate may say of a reversal that names no order. INVALID_REQUEST may mean the certificate. */
const missesOrder: ReadonlySet<string> = new Set([
  'PARAM_ERROR',
  'LACK_PARAMS',
  'INVALID_TRANSACTIONID',
  'ORDERNOTEXIST',
]);

/** Milliseconds by which a clock may differ: of what is harmless, and of what signed and timed requests bear. */
const clockLimits = { harmless: 30_000, bearable: 300_000 };

/** Renewing a merchant's certificate takes days. */
const renewBefore = 21 * day;

const reach = async (origin: string, { merchant }: Facts, { signal }: Patient): Promise<Knock | KnockError> =>
  knock(origin, fact(merchant).settings, signal).catch((error: unknown) => {
    if (error instanceof KnockError) return error;
    throw error;
  });

const networkAdvice =
  'look at the network cable, DNS, the firewall, and whether a `proxy` is needed; the shop’s router must let HTTPS out';

/** Who was reached, but can't be trusted, is no matter of the network. */
const adviceOnKnock = ({ inTls }: KnockError, now: number): string =>
  inTls
    ? `set this machine’s clock (it says ${new Date(now).toISOString()}); a proxy or an antivirus program that opens HTTPS needs its authority in \`ca\``
    : networkAdvice;

/** In the order of the report. */
export const checks: readonly Check[] = [
  {
    name: 'config',
    needs: [],
    run(facts, { config: file }) {
      try {
        facts.config = readConfig(file);
      } catch (error) {
        return fail(messageOf(error), 'correct the configuration file; docs list its fields');
      }
      const { source, warnings } = facts.config;
      if (warnings.length === 0) return ok(source);
      return warn(warnings.map(({ says }) => says).join('; '), warnings.map(({ todo }) => todo).join('; '));
    },
  },
  {
    name: 'merchant',
    needs: ['config'],
    run(facts) {
      const config = fact(facts.config);
      try {
        const options = config.merchant();
        if (options === undefined)
          return skip(`no appid, mch_id, key in ${config.source}: fine where a merchant server has them`);
        const client = makeClient(config);
        facts.merchant = { options, settings: checkOptions(options), client };
        const who = `appid ${options.appid}, mch_id ${options.mch_id}`;
        // The merchant site takes 32 letters and digits only.
        return /^[0-9A-Za-z]{32}$/.test(options.key)
          ? ok(who)
          : warn(`${who}; key has not the form of an API v2 key`, 'an API v2 key has 32 letters and digits');
      } catch (error) {
        return fail(messageOf(error), 'correct this field');
      }
    },
  },
  {
    name: 'library',
    needs: ['config'],
    async run(facts) {
      try {
        facts.face = await FaceService.open(fact(facts.config).face);
      } catch (error) {
        return fail(messageOf(error), 'name the library in `library` or WXPAY_FACE_SDK');
      }
      const { path, arch, version, host } = facts.face.library;
      const where = host === 'in-process' ? 'in this process' : `in a host process, since this one is ${process.arch}`;
      return ok(`${path}, ${arch}, ${version === undefined ? 'no version' : `version ${version}`}, runs ${where}`);
    },
  },
  {
    name: 'service',
    needs: ['library'],
    async run(facts, patient) {
      try {
        await inTime(facts, patient, fact(facts.face).initWxpayface(fact(facts.config).init));
      } catch (error) {
        facts.init = error;
        if (error instanceof ServiceCallError || facts.serviceSilent)
          return fail(
            messageOf(error),
            'start the WxpayFaceService program as administrator; where it runs, restart it',
          );
      }
      return ok('WxpayFaceService is running');
    },
  },
  {
    name: 'init',
    needs: ['service'],
    run: ({ init }) =>
      init === undefined
        ? ok('initWxpayface answered SUCCESS')
        : fail(
            messageOf(init),
            'look at the camera’s cable, `init`, and whether another payment program has the camera; then restart WxpayFaceService',
          ),
  },
  {
    name: 'rawdata',
    needs: ['init'],
    async run(facts, patient) {
      try {
        ({ rawdata: facts.rawdata } = await inTime(facts, patient, fact(facts.face).getWxpayfaceRawdata()));
        return ok('getWxpayfaceRawdata answered SUCCESS');
      } catch (error) {
        return fail(messageOf(error), 'restart WxpayFaceService');
      }
    },
  },
  {
    name: 'gateway',
    needs: ['merchant'],
    async run(facts, patient) {
      const [origin = ''] = fact(facts.merchant).settings.hosts.pay;
      const began = patient.now();
      const pay = await reach(origin, facts, patient);
      facts.pay = pay;
      facts.knockedAt = (began + patient.now()) / 2;
      return pay instanceof KnockError && !pay.inTls ? fail(pay.message, networkAdvice) : ok(`${origin} is reachable`);
    },
  },
  {
    name: 'tls',
    needs: ['gateway'],
    run({ pay }, { now }) {
      const answer = fact(pay);
      if (answer instanceof KnockError) return fail(answer.message, adviceOnKnock(answer, now()));
      return ok(`${answer.protocol}, the gateway’s certificate is good until ${dateOf(answer.validTo)}`);
    },
  },
  {
    name: 'backup gateway',
    needs: ['merchant'],
    async run(facts, patient) {
      const backup = fact(facts.merchant).settings.hosts.pay[1];
      if (backup === undefined) return skip('none is configured');
      const answer = await reach(backup, facts, patient);
      return answer instanceof KnockError
        ? warn(answer.message, `payments go on while the first host works; ${adviceOnKnock(answer, patient.now())}`)
        : ok(`${backup} is reachable`);
    },
  },
  {
    name: 'face gateway',
    needs: ['merchant'],
    async run(facts, patient) {
      const [origin = ''] = fact(facts.merchant).settings.hosts.face;
      const answer = await reach(origin, facts, patient);
      return answer instanceof KnockError
        ? fail(answer.message, adviceOnKnock(answer, patient.now()))
        : ok(`${origin} is reachable`);
    },
  },
  {
    name: 'clock',
    needs: ['tls'],
    run({ pay, knockedAt }) {
      const date = pay instanceof KnockError ? undefined : pay?.date;
      if (date === undefined) return warn('the gateway’s answer has no Date', 'compare the clock by hand');
      // The gateway's second began up to a second before it answered.
      const ahead = Math.round((fact(knockedAt) - date - 500) / 1000);
      const off = Math.abs(ahead) * 1000;
      const says = `${Math.abs(ahead)} s ${ahead < 0 ? 'behind' : 'ahead of'} the gateway`;
      const todo = 'let the system set its clock by itself (Windows: w32tm /resync), and look at its time zone';
      if (off <= clockLimits.harmless) return ok(says);
      return off <= clockLimits.bearable ? warn(says, todo) : fail(says, todo);
    },
  },
  {
    name: 'certificate',
    needs: ['merchant'],
    run({ merchant }, { now }) {
      const { options, settings } = fact(merchant);
      const { certificate } = settings.transport;
      if (certificate === undefined)
        return fail(
          'none: payments could not be reversed, nor refunded',
          'download it from the merchant site (API安全), and name it in `certificate`',
        );
      const own = ownCertificate(certificate);
      if (own === undefined) return fail('it can’t be read', 'download it anew from the merchant site');
      const renew = 'renew it on the merchant site (API安全), and name the new one in `certificate`';
      if (own.to < now()) return fail(`it expired on ${dateOf(own.to)}`, renew);
      if (own.from > now()) return fail(`it is not valid before ${dateOf(own.from)}`, 'set this machine’s clock');
      if (/^\d+$/.test(own.owner) && own.owner !== options.mch_id)
        return fail(`it is that of merchant ${own.owner}, not of ${options.mch_id}`, 'take the one of this `mch_id`');
      const good = `of ${own.owner}, until ${dateOf(own.to)}`;
      return own.to - now() < renewBefore ? warn(`it expires soon: ${good}`, renew) : ok(good);
    },
  },
  {
    name: 'certificate accepted',
    needs: ['certificate', 'tls'],
    async run({ merchant }, { signal }) {
      const { client, options } = fact(merchant);
      if (options.sandbox) return skip('the sandbox asks for none');
      try {
        // Names no order, so that nothing can come of it.
        const answer = await client.post('/secapi/pay/reverse', {}, { certificate: true, signal });
        const { result_code, err_code = '', err_code_des = '' } = answer;
        if (result_code === 'FAIL' && !missesOrder.has(err_code))
          return warn(
            `a reversal that names no order was answered ${[err_code, err_code_des].filter(Boolean).join(' ')}`,
            'compare the certificate, `key` and the merchant’s permissions with the merchant site; if it stays, ask WeChat Pay',
          );
      } catch (error) {
        // The answers of a gateway that took the certificate; what it thinks of the signature, the next check tells.
        if (isNetworkFault(error)) return fail(messageOf(error), networkAdvice);
        if (!(error instanceof PayProtocolError || error instanceof PaySignatureError)) {
          const refused = error instanceof PayResponseError ? 'the gateway refuses it' : messageOf(error);
          return fail(
            refused,
            'take the certificate that the merchant site gave for this `mch_id`, and the newest one',
          );
        }
      }
      return ok('the gateway takes it');
    },
  },
  {
    name: 'key',
    needs: ['tls'],
    async run({ merchant }, { signal }) {
      try {
        const answer = await fact(merchant).client.orderquery({ out_trade_no: impossibleNumber() }, { signal });
        if (answer.result_code === 'FAIL' && answer.err_code === 'ORDERNOTEXIST')
          return ok('a signed call was answered with a good signature');
        const said = answer.result_code === 'FAIL' ? answer.err_code : answer.trade_state;
        return warn(
          `the signatures are good, but a query for an order that can’t exist was answered ${said}`,
          'try again later; if it stays, ask WeChat Pay',
        );
      } catch (error) {
        if (error instanceof PayProtocolError) return fail(messageOf(error), adviceOn(error));
        if (error instanceof PaySignatureError) return fail(messageOf(error), keyAdvice);
        return fail(messageOf(error), networkAdvice);
      }
    },
  },
  {
    name: 'authinfo',
    needs: ['rawdata', 'key', 'face gateway'],
    async run(facts, { signal }) {
      const { terminal, source } = fact(facts.config);
      if (terminal === undefined) return skip(`no terminal in ${source}`);
      const rawdata = fact(facts.rawdata);
      try {
        await fact(facts.merchant).client.getWxpayfaceAuthinfo({ ...terminal, rawdata }, { signal });
        return ok('get_wxpayface_authinfo answered SUCCESS: this merchant may take faces');
      } catch (error) {
        if (isNetworkFault(error)) return fail(messageOf(error), networkAdvice);
        const todo =
          error instanceof InvalidParameterError
            ? 'correct `terminal`'
            : 'ask WeChat Pay whether face payment (刷脸支付) is opened for this merchant and terminal';
        return fail(messageOf(error), todo);
      }
    },
  },
  {
    name: 'journal',
    needs: ['config'],
    async run({ config }, { journal: option }) {
      const folder = option ?? fact(config).journal;
      if (folder === undefined) return skip('no journal is configured: fine where a merchant server has it');
      const access = 'let the user of this program write there, on a local disk with free space';
      try {
        const found = journalAt(folder);
        if (found === 'nothing') {
          tryToWrite(folder);
          return warn(`there is no journal in ${folder} yet`, 'fine for a new till; else correct `journal`');
        }
        if (found === 'something else')
          return fail(
            `${folder} holds other files, and no journal`,
            'correct `journal`; where it was the journal, keep the folder and restore its files',
          );
        return await withJournal(folder, async (journal) => {
          let unfinished = 0;
          for await (const _ of journal.list({ finished: false })) unfinished += 1;
          return unfinished === 0
            ? ok(`${folder}, nothing unfinished`)
            : warn(
                `${folder}, ${unfinished} unfinished`,
                'the till goes on with them when it starts; or: wxpay-face journal recover',
              );
        });
      } catch (error) {
        const locked = error instanceof JournalError && error.code === 'ERR_JOURNAL_LOCKED';
        const todo = locked ? 'the till program has it, if it runs: then all is well. Else end what holds it' : access;
        return fail(messageOf(error), todo);
      }
    },
  },
];

/** Whether a folder can be made: tried in the nearest one that is there. */
function tryToWrite(folder: string): void {
  let parent = folder;
  while (!existsSync(parent)) parent = dirname(parent);
  rmdirSync(mkdtempSync(join(parent, 'wxpay-face-')));
}

/** Who hears of the examination while it goes on. */
export interface Listener {
  /** A check began that waits for something. */
  waits?(name: string): void;
  found(finding: Finding): void;
}

async function examined(
  check: Check,
  found: ReadonlyMap<string, Finding>,
  facts: Facts,
  patient: Patient,
  { waits }: Listener,
): Promise<Verdict> {
  if (patient.signal.aborted) return skip('interrupted');
  const missing = check.needs.find((name) => !['ok', 'warn'].includes(found.get(name)?.status ?? ''));
  if (missing !== undefined) return skip(`without ${missing} it has no meaning`);
  const running = check.run(facts, patient);
  if (running instanceof Promise) waits?.(check.name);
  const verdict = await running;
  // What was broken off has found nothing.
  return patient.signal.aborted && verdict.status !== 'ok' ? skip('interrupted') : verdict;
}

/** Runs the checks one after the other, telling each, and gives the camera back. */
export async function examine(patient: Patient, listener: Listener): Promise<Finding[]> {
  const facts: Facts = {};
  const found = new Map<string, Finding>();
  try {
    for (const check of checks) {
      const finding = { name: check.name, ...(await examined(check, found, facts, patient, listener)) };
      found.set(check.name, finding);
      listener.found(finding);
    }
  } finally {
    facts.merchant?.client.close();
    if (facts.face && !facts.serviceSilent) {
      if (found.get('init')?.status === 'ok') await facts.face.releaseWxpayface().catch(() => undefined);
      await facts.face.close();
    }
  }
  return [...found.values()];
}

const marks: Readonly<Record<Verdict['status'], string>> = { ok: 'ok', warn: 'WARN', fail: 'FAIL', skip: 'skip' };

/** `wxpay-face doctor`: why a till doesn't pay. Resolves with the exit code. */
export async function doctor(
  options: { config: string | undefined; journal: string | undefined },
  version: string,
  output: Output,
): Promise<number> {
  const interruption = onInterruption(output, { first: 'Stopping.', second: 'Ended at once.' });
  const system = { version, node: process.versions.node, platform: process.platform, arch: process.arch };
  output.say(`wxpay-face ${version}, Node.js ${system.node}, ${system.platform}-${system.arch}`);
  const findings = await examine(
    { ...options, now: Date.now, signal: interruption.signal, serviceTimeout: 20_000 },
    {
      waits: (name) => output.step(`…     ${name}`),
      found: (finding) => {
        output.say(`${marks[finding.status].padEnd(5)} ${finding.name.padEnd(21)} ${finding.says}`);
        if (finding.todo !== undefined) output.say(`${' '.repeat(28)}→ ${finding.todo}`);
        output.emit('check', finding);
      },
    },
  );
  interruption.ignore();
  const isGood = !interruption.signal.aborted && findings.every(({ status }) => status !== 'fail');
  const { code } = isGood ? exitCodes.done : exitCodes.failed;
  output.emit('result', { exitCode: code, system, checks: findings });
  return code;
}
