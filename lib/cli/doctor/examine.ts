import { PayClient } from '../../pay/client.js';
import { english, type Saying, type Words } from '../../words/cli/index.js';
import type { Config } from '../config.js';
import { checkAuthinfo } from './authinfo.js';
import { checkBackupGateway } from './backup-gateway.js';
import type { Camera } from './camera.js';
import { checkCertificate } from './certificate.js';
import { checkCertificateAccepted } from './certificate-accepted.js';
import { checkClock } from './clock.js';
import { checkConfig } from './config.js';
import { Examination } from './examination.js';
import { checkFaceGateway } from './face-gateway.js';
import { checkGateway } from './gateway.js';
import { checkInit } from './init.js';
import { checkJournal, type TillProgram } from './journal.js';
import { checkKey } from './key.js';
import { checkLibrary } from './library.js';
import { checkMerchant, type Merchant } from './merchant.js';
import { checkRawdata } from './rawdata.js';
import { checkService } from './service.js';
import { checkTls } from './tls.js';
import { checkV3 } from './v3.js';
import { type Finding, type Listener, type Patient, skip } from './verdict.js';

/** Why camera and service are not touched: a customer may be before them. */
function reasonToLeaveAlone({ runs }: TillProgram): Saying | undefined {
  if (runs === 'perhaps') return ({ doctor }) => doctor.perhapsRuns;
  return runs ? ({ doctor }) => doctor.runs : undefined;
}

function leaveAlone(examination: Examination, reason: Saying): void {
  for (const name of ['library', 'service', 'init', 'rawdata'] as const) examination.report(name, skip(reason));
}

/** @returns the rawdata, if it came to that */
async function examineCamera(
  examination: Examination,
  config: Config | undefined,
  library: Camera | undefined,
): Promise<string | undefined> {
  const service = await examination.check('service', { library, config }, checkService);
  const init = await examination.check('init', { service }, checkInit);
  return examination.check('rawdata', { init, library }, checkRawdata);
}

async function examineMerchant(
  examination: Examination,
  {
    config,
    merchant,
    rawdata,
  }: { config: Config | undefined; merchant: Merchant | undefined; rawdata: string | undefined },
): Promise<void> {
  const certificate = await examination.check('certificate', { merchant, config }, checkCertificate);
  const gateway = await examination.check('gateway', { merchant }, checkGateway);
  const tls = await examination.check('tls', { gateway }, checkTls);
  await examination.check('backup gateway', { merchant }, checkBackupGateway);
  const faceGateway = await examination.check('face gateway', { merchant }, checkFaceGateway);
  await examination.check('clock', { tls }, checkClock);
  const client = merchant && new PayClient({ ...merchant.options, ...(certificate && { certificate }) });
  try {
    const facts = { certificate, tls, merchant, client };
    await examination.check('certificate accepted', facts, checkCertificateAccepted);
    const key = await examination.check('key', { tls, client }, checkKey);
    const needed = { rawdata, key, 'face gateway': faceGateway, config, client };
    await examination.check('authinfo', needed, checkAuthinfo);
  } finally {
    client?.close();
  }
  if (config?.hasV3) await examination.check('API v3', { config }, checkV3);
}

/**
 * Runs the checks one after the other, reporting each, and gives the camera back.
 * @param words Of the findings.
 */
export async function examine(
  patient: Patient,
  listener: Listener,
  words: Words = english,
): Promise<readonly Finding[]> {
  const examination = new Examination(patient, listener, words);
  const config = await examination.check('config', {}, checkConfig);
  const { journal } = patient;
  const till = await examination.check(
    'journal',
    { config: journal === undefined ? config : { journal } },
    checkJournal,
  );
  const merchant = await examination.check('merchant', { config }, checkMerchant);
  const reason = till && reasonToLeaveAlone(till);
  if (reason !== undefined) {
    leaveAlone(examination, reason);
    await examineMerchant(examination, { config, merchant, rawdata: undefined });
    return examination.findings;
  }
  const library = await examination.check('library', { config }, checkLibrary);
  try {
    const rawdata = await examineCamera(examination, config, library);
    await examineMerchant(examination, { config, merchant, rawdata });
  } finally {
    await library?.close();
  }
  return examination.findings;
}
