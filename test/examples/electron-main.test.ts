import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Scenario, startSimulator } from 'wxpay-face/simulator';
import { writeSimulatorConfig } from '../../lib/cli/simulator-config.js';
import { cleanUp, install, later, start } from './example.js';

const standIn = new URL('./electron-stand-in.js', import.meta.url);

async function open(scenario: Scenario) {
  const simulator = await startSimulator({ scenario });
  later(() => simulator.close());
  const folder = install('electron-main');
  const electron = join(folder, 'node_modules', 'electron');
  mkdirSync(electron);
  writeFileSync(join(electron, 'package.json'), JSON.stringify({ name: 'electron', main: 'index.cjs' }));
  // CommonJS, as Electron's own; main.js waits for nothing, so that its stand-in is loaded before it.
  writeFileSync(join(electron, 'index.cjs'), 'module.exports = globalThis.electron;\n');
  writeFileSync(
    join(folder, 'electron.mjs'),
    `import * as electron from ${JSON.stringify(standIn.href)};\nglobalThis.electron = electron;\nawait import('./main.js');\n`,
  );
  writeSimulatorConfig(simulator, join(folder, 'wxpay-face.json'));
  const openApp = async () => {
    const program = start(folder, ['electron.mjs']);
    await program.says(/"loaded"/);
    return {
      ...program,
      call: (method: string, ...parameters: unknown[]) => program.type(JSON.stringify({ method, parameters })),
    };
  };
  return { simulator, openApp };
}

const order = (serial: number) => ({ out_trade_no: `E1-${process.pid}-${serial}`, total_fee: 1250, body: '拿铁咖啡' });

describe('examples/electron-main', () => {
  afterEach(cleanUp);

  it('pays for its page, which sees each step and the outcome, and no secret', async () => {
    const { simulator, openApp } = await open('success');
    const till = await openApp();
    till.call('pay', order(1));
    const [, outcome = ''] = await till.says(/"method":"pay","value":(\{.*"status":"paid".*\})\}$/m);
    expect(till.output()).to.match(/"onProgress","value":\{[^}]*"phase":"face"/);
    till.call('acknowledge', JSON.parse(outcome));
    await till.says(/"method":"acknowledge"/);
    till.process.stdin.end();
    expect(await till.ended).to.equal(0);
    expect(simulator.ledger.map(({ charged }) => charged)).to.deep.equal([1250]);
    expect(till.output()).not.to.include(simulator.client.key);
  });

  it('takes the code that the scanner types into its page', async () => {
    const { simulator, openApp } = await open({ face: 'waiting' });
    const till = await openApp();
    till.call('pay', order(1));
    await till.says(/getWxpayfaceCode/);
    till.call('scanned', '134567890123456789');
    await till.says(/"method":"pay","value":\{.*"status":"paid"/);
    expect(simulator.ledger.map(({ charged }) => charged)).to.deep.equal([1250]);
  });

  it('has the cashier’s words for its page, and gives a sale back', async () => {
    const { simulator, openApp } = await open('success');
    const till = await openApp();
    till.call('pay', order(1));
    const [, outcome = ''] = await till.says(/"method":"pay","value":(\{.*"status":"paid".*\})\}$/m);
    till.call('words', JSON.parse(outcome));
    await till.says(/"method":"words","value":\{"title":"收款成功"/);
    till.call('words', { code: 'ERR_JOURNAL' });
    await till.says(/"method":"words","value":\{"title":"(?!收款成功)[^"]/);
    const { out_trade_no } = order(1);
    till.call('refund', out_trade_no, { out_refund_no: out_trade_no, refund_fee: 1250 });
    await till.says(/"method":"refund","value":\{.*"status":"processing"/);
    expect(simulator.refunds.map(({ refund_fee }) => refund_fee)).to.deep.equal([1250]);
  });

  it('tells its page the code of an error', async () => {
    const { openApp } = await open('success');
    const till = await openApp();
    till.call('pay', { ...order(1), total_fee: 0 });
    await till.says(/"method":"pay","error":"ERR_INVALID_PARAMETER: total_fee/);
  });

  it('cancels at the customer’s camera what the cashier gives up', async () => {
    const { simulator, openApp } = await open({ face: 'waiting' });
    const till = await openApp();
    till.call('pay', order(1));
    await till.says(/getWxpayfaceCode/);
    till.call('cancel');
    await till.says(/"method":"pay","value":\{"status":"cancelled",[^}]*"by":"cashier"/);
    expect(simulator.ledger).to.have.length(0);
  });

  it('tells its page what a crash left unfinished, after each start until the page has told the cashier', async () => {
    const { simulator, openApp } = await open({ payment: 'password', password: 'waiting' });
    const killed = await openApp();
    killed.call('pay', order(1));
    await killed.says(/"phase":"querying"/);
    killed.process.kill('SIGKILL');
    await killed.ended;
    expect(simulator.act('enter-password')).to.equal(true);
    const told = /"event":"onOutcome","value":(\{.*"status":"paid".*\})\}$/m;
    const unheard = await openApp();
    await unheard.says(told);
    unheard.process.stdin.end();
    await unheard.ended;
    const till = await openApp();
    till.call('untold');
    const [, outcome = ''] = await till.says(told);
    till.call('acknowledge', JSON.parse(outcome));
    await till.says(/"method":"acknowledge"/);
    till.process.stdin.end();
    await till.ended;
    const third = await openApp();
    third.call('pay', order(2));
    simulator.scenario = 'success';
    await third.says(/"method":"pay"/);
    expect(third.output()).not.to.match(told);
  }).timeout(60_000);

  it('tells its page how a sale ended that is reversed in the background', async () => {
    const { simulator, openApp } = await open({ payment: 'password', password: 'waiting' });
    const till = await openApp();
    till.call('pay', order(1));
    await till.says(/"phase":"querying"/);
    till.call('cancel');
    await till.says(/"method":"pay","value":\{.*"status":"reversing"/);
    await till.says(/"event":"onOutcome","value":\{.*"status":"reversed"/);
    expect(simulator.ledger.map(({ charged, refunded }) => charged - refunded)).to.deep.equal([0]);
  }).timeout(60_000);
});
