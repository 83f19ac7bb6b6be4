import { join } from 'node:path';
import { expect } from 'chai';
import { type Scenario, startSimulator } from 'wxpay-face/simulator';
import { writeSimulatorConfig } from '../../lib/cli/simulator-config.js';
import { skip } from '../support/skip.js';
import { cleanUp, install, later, start } from './example.js';

async function open(scenario: Scenario) {
  const simulator = await startSimulator({ scenario });
  later(() => simulator.close());
  const folder = install('till');
  writeSimulatorConfig(simulator, join(folder, 'wxpay-face.json'));
  return { simulator, folder, openTill: () => start(folder, ['till.js']) };
}

describe('examples/till', () => {
  afterEach(cleanUp);

  it('takes payments by the faces of one customer after the other', async () => {
    const { simulator, openTill } = await open('success');
    const till = openTill();
    await till.says(/fen>/);
    till.type('1250');
    await till.says(/ paid\n {2}收款成功\n {2}.*¥12\.50/);
    simulator.scenario = 'not-enough';
    till.type('900');
    await till.says(/ declined\n {2}余额不足/);
    till.process.stdin.end();
    expect(await till.ended, till.output()).to.equal(0);
    expect(simulator.ledger.map(({ charged }) => charged)).to.deep.equal([1250]);
    const screens = simulator.calls.filter(({ name }) => name === 'updateWxpayfacePayResult');
    expect(screens.map(({ request }) => request.payresult)).to.deep.equal(['SUCCESS', 'ERROR']);
  });

  it('takes the code of the scanner while the camera looks', async () => {
    const { simulator, openTill } = await open({ face: 'waiting' });
    const till = openTill();
    await till.says(/fen>/);
    till.type('1250');
    await till.says(/looking getWxpayfaceCode/);
    till.type('281234123412341234');
    await till.says(/other-wallet/);
    till.type('134567890123456789');
    await till.says(/ paid\n/);
    expect(simulator.calls.filter(({ name }) => name === 'micropay')).to.have.length(1);
    expect(simulator.calls.map(({ name }) => name)).to.include('stopWxpayface');
  });

  it('gives back a part of a sale, and asks again for what has not ended', async () => {
    const { simulator, openTill } = await open('success');
    const till = await openTill();
    await till.says(/fen>/);
    till.type('1250');
    const [, number = ''] = await till.says(/(TILL-1-\S+) paid/);
    simulator.scenario = 'refund-pending';
    till.type(`refund ${number} 400`);
    await till.says(/R1-\S+ processing/);
    till.type(`refund ${number} 400`);
    till.type('twelve');
    await till.says(/ERR_INVALID_PARAMETER total_fee/);
    expect(simulator.refunds.map(({ refund_fee }) => refund_fee)).to.deep.equal([400]);
  });

  it('refuses what is no amount, and goes on', async () => {
    const { simulator, openTill } = await open('success');
    const till = openTill();
    await till.says(/fen>/);
    till.type('twelve');
    await till.says(/ERR_INVALID_PARAMETER total_fee/);
    till.type('1');
    await till.says(/ paid\n.*\n.*¥0\.01/);
    expect(simulator.ledger).to.have.length(1);
  });

  it('gives a sale up on Ctrl-C while the customer is being looked for', async function () {
    if (process.platform === 'win32') return skip(this, 'a signal sent to another process of Windows ends it');
    const { simulator, openTill } = await open({ face: 'waiting' });
    const till = openTill();
    await till.says(/fen>/);
    till.type('1250');
    await till.says(/looking getWxpayfaceCode/);
    till.process.kill('SIGINT');
    await till.says(/ cancelled\n {2}收款已取消/);
    expect(simulator.calls.map(({ name }) => name)).to.include('stopWxpayface');
    expect(simulator.ledger).to.have.length(0);
  });

  it('tells after its restart how a payment ended in whose middle it was killed', async () => {
    const { simulator, openTill } = await open({ payment: 'password', password: 'waiting' });
    const killed = openTill();
    await killed.says(/fen>/);
    killed.type('1250');
    await killed.says(/password/);
    killed.process.kill('SIGKILL');
    await killed.ended;
    expect(simulator.act('enter-password')).to.equal(true);
    const till = openTill();
    await till.says(/ paid\n.*\n.*¥12\.50/);
    await till.says(/fen>/);
    till.process.stdin.end();
    expect(await till.ended, till.output()).to.equal(0);
    // Acknowledged: it is told once.
    const third = openTill();
    await third.says(/fen>/);
    expect(third.output()).not.to.include('收款成功');
    expect(simulator.ledger).to.have.length(1);
  }).timeout(40_000);
});
