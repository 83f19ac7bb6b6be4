import { expect } from 'chai';
import { FileJournal, type JournalRecord, PayClient } from 'wxpay-face';
import { isOurNumber, refundNumber } from '../../lib/cli/sale-refunds.js';
import { interruptible } from '../support/skip.js';
import { openShop, type Shop } from './shop.js';

describe('the number of a refund that comes without one', () => {
  const earlier = (out_refund_no: string, refund_fee: number, isOpen: boolean) => ({
    out_refund_no,
    refund_fee,
    isOpen,
  });

  it('counts the refunds that the sale has had', () => {
    expect(refundNumber('A1', 5, [])).to.equal('R1-A1');
    expect(refundNumber('A1', 5, [earlier('R1-A1', 5, false)])).to.equal('R2-A1');
    expect(refundNumber('A1', 5, [earlier('X', 5, false), earlier('Y', 1, false)])).to.equal('R3-A1');
  });

  it('is that of an open one of the same amount', () => {
    expect(refundNumber('A1', 5, [earlier('R1-A1', 5, true)])).to.equal('R1-A1');
    expect(refundNumber('A1', 5, [earlier('R1-A1', 7, true)])).to.equal('R2-A1');
    expect(refundNumber('A1', 5, [earlier('R1-A1', 5, false), earlier('TILL-7', 5, true)])).to.equal('TILL-7');
  });

  it('is never one that is taken', () => {
    expect(refundNumber('A1', 5, [earlier('R2-A1', 5, false)])).to.equal('R3-A1');
  });

  it('is cut to what the gateway takes', () => {
    const longest = refundNumber('N'.repeat(64), 5, []);
    expect(longest).to.equal(`R1-${'N'.repeat(61)}`);
    expect(isOurNumber(longest, 'N'.repeat(64))).to.equal(true);
    for (const other of ['R1-A2', 'R01-A1', 'r1-A1', 'R-A1', 'TILL-7'])
      expect(isOurNumber(other, 'A1'), other).to.equal(false);
  });
});

describe('refunds by wxpay-face', () => {
  let shop: Shop;
  let codes = 0;
  /** The next customer's. */
  const code = (): string => `1345678901234${String(codes++).padStart(5, '0')}`;
  beforeEach(async () => {
    shop = await openShop();
  });
  afterEach(() => shop.close());

  const sell = (out_trade_no: string) =>
    shop.run(['pay', '1250', '--auth-code-stdin', '--out-trade-no', out_trade_no], { input: `${code()}\n` });
  async function sellElsewhere(out_trade_no: string): Promise<string> {
    const client = new PayClient(shop.simulator.client);
    const result = await client.micropay({ out_trade_no, total_fee: 800, body: 'tea', auth_code: code() });
    client.close();
    return result.result_code === 'SUCCESS' ? result.transaction_id : '';
  }
  const entry = (out_trade_no: string) => shop.simulator.ledger.find((order) => order.out_trade_no === out_trade_no);
  const sent = () => shop.simulator.calls.filter(({ name }) => name === 'refund').length;
  const play = (settings: object): void => {
    shop.simulator.scenario = { latency: 0, ...settings };
  };
  async function record(kind: JournalRecord['kind'], id: string): Promise<JournalRecord | undefined> {
    const journal = await FileJournal.open(shop.journal, { readOnly: true });
    try {
      return await journal.get(kind, id);
    } finally {
      await journal.close();
    }
  }

  it('gives back under a number of its own, and not more than was paid', async () => {
    await sell('A1');
    const first = await shop.run(['refund', 'A1', '400', '--yes']);
    expect(first.stdout).to.match(/^refunded +R1-A1 of A1: ¥4\.00; refund_id \d+/);
    expect(first.code).to.equal(0);
    expect(await record('refund', 'R1-A1')).to.include({ state: 'refunded', acknowledged: true });
    const more = await shop.run(['refund', 'A1', '851', '--yes', '--json']);
    expect(more.result).to.include({ exitCode: 1, code: 'ERR_REFUND' });
    expect(entry('A1')).to.include({ charged: 1250, refunded: 400 });
    expect(sent()).to.equal(1);
  });

  interruptible('waits until the minute between two refunds of a sale is over, or is interrupted', async () => {
    await sell('A1');
    await shop.run(['refund', 'A1', '400', '--yes']);
    const second = shop.start(['refund', 'A1', '400', '--yes'], { input: '' });
    await second.says('a minute apart');
    second.interrupt();
    const { code: exit, stdout } = await second.ended();
    expect(stdout).to.match(
      /^processing R2-A1 of A1: ¥4\.00; the gateway has not answered yet; "wxpay-face journal recover"/,
    );
    expect(exit).to.equal(4);
    expect(sent()).to.equal(1);
  });

  it('asks first, and takes --yes where nobody can be asked', async () => {
    await sell('A1');
    const { code: exit, stderr } = await shop.run(['refund', 'A1', '400']);
    expect(stderr).to.match(/--yes is required if nobody can be asked/);
    expect(exit).to.equal(2);
    expect(sent()).to.equal(0);
  });

  it('finds a sale by the number of the vendor, in the journal and at the gateway', async () => {
    play({});
    await sell('A1');
    const { data } = (await record('payment', 'A1')) ?? { data: {} };
    const id = /"transaction_id":"(\d{28})"/.exec(JSON.stringify(data))?.[1] ?? '';
    expect((await shop.run(['refund', id, '100', '--yes', '--json'])).result).to.include({ out_refund_no: 'R1-A1' });
    const elsewhere = await sellElsewhere('X1');
    const total = ['--total', '800', '--yes', '--json'];
    const adopted = await shop.run(['refund', '--transaction-id', elsewhere, '300', ...total]);
    expect(adopted.result).to.include({ out_refund_no: 'R1-X1', status: 'refunded', exitCode: 0 });
  });

  it('refunds a sale that the journal does not know only with its amount, and writes it down first', async () => {
    play({});
    await sell('A1');
    await sellElsewhere('X1');
    const without = await shop.run(['refund', 'X1', '300', '--yes', '--json']);
    expect(without.result).to.include({ code: 'ERR_ORDER_UNKNOWN', exitCode: 1 });
    expect(without.result.message).to.match(/--total/);
    const wrong = await shop.run(['refund', 'X1', '300', '--total', '900', '--yes', '--json']);
    expect(wrong.result).to.include({ exitCode: 2 });
    expect(sent()).to.equal(0);
    const { result } = await shop.run(['refund', 'X1', '300', '--total', '800', '--yes', '--json']);
    expect(result).to.include({ out_refund_no: 'R1-X1', status: 'refunded' });
    expect(await record('refund', 'R1-X1')).to.include({ state: 'refunded' });
    expect(entry('X1')).to.include({ refunded: 300 });
  });

  it('begins a journal for such a sale where there is none yet', async () => {
    play({});
    await sellElsewhere('X1');
    const { result } = await shop.run(['refund', 'X1', '300', '--total', '800', '--yes', '--json']);
    expect(result).to.include({ out_refund_no: 'R1-X1', exitCode: 0 });
    expect(await record('refund', 'R1-X1')).to.include({ state: 'refunded' });
  });

  it('counts the refunds that only the gateway knows', async () => {
    play({ refundInterval: 0 });
    await sell('A1');
    const client = new PayClient(shop.simulator.client);
    await client.refund({ out_trade_no: 'A1', out_refund_no: 'SITE-1', total_fee: 1250, refund_fee: 50 });
    client.close();
    const { result } = await shop.run(['refund', 'A1', '400', '--yes', '--json']);
    expect(result).to.include({ out_refund_no: 'R2-A1', exitCode: 0 });
    const listed = await shop.run(['refunds', 'A1']);
    expect(listed.stdout).to.match(
      /^refunded +R2-A1 .*; the gateway shows SUCCESS\nelsewhere SITE-1 of A1: ¥0\.50; the gateway shows SUCCESS\n$/,
    );
  });

  const ends = [
    { scenario: 'refund-pending', status: 'processing', exit: 4 },
    { scenario: 'refund-empty-balance', status: 'refused', exit: 1 },
    { scenario: 'refund-closed', status: 'refused', exit: 1 },
    { scenario: 'refund-by-hand', status: 'attention', exit: 3 },
    { scenario: 'refund-account-abnormal', status: 'attention', exit: 3 },
  ];
  for (const { scenario, status, exit } of ends)
    it(`ends with ${exit} where a refund is ${status} (${scenario})`, async () => {
      await sell('A1');
      play({ scenario });
      const { result } = await shop.run(['refund', 'A1', '400', '--yes', '--json']);
      expect(result).to.include({ type: 'result', kind: 'refund', status, exitCode: exit });
    });

  it('asks again for one that has not ended, and does not count it', async () => {
    await sell('A1');
    play({ scenario: 'refund-pending' });
    await shop.run(['refund', 'A1', '400', '--yes']);
    const again = await shop.run(['refund', 'A1', '400', '--yes', '--json']);
    expect(again.result).to.include({ out_refund_no: 'R1-A1', status: 'processing', accepted: true, exitCode: 4 });
    expect(sent()).to.equal(1);
    const listed = await shop.run(['journal', 'list', '--kind', 'refund']);
    expect(listed.stdout).to.match(/accepted +¥4\.00 {2}R1-A1 of A1 {2}unfinished\n$/);
    expect((await shop.run(['journal', 'show', 'R1-A1', '--json'])).result.record).to.include({ kind: 'refund' });
    const shown = await shop.run(['refunds', 'A1', '--json']);
    expect(shown.result).to.deep.include({ exitCode: 0, out_trade_no: 'A1' });
    expect(shown.result.refunds).to.have.lengthOf(1);
  });

  it('leaves to journal recover what has not ended', async () => {
    await sell('A1');
    play({ scenario: 'refund-lost-response' });
    shop.change({ timeout: { connect: 1000, response: 1000 } });
    const first = shop.start(['refund', 'A1', '400', '--yes', '--json'], { input: '' });
    while (sent() === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    first.kill();
    await first.ended();
    play({});
    const { result, documents } = await shop.run(['journal', 'recover', '--json']);
    const told = documents.filter(({ type }) => type === 'outcome');
    expect(told.map(({ kind, status, out_refund_no }) => [kind, status, out_refund_no])).to.deep.equal([
      ['refund', 'refunded', 'R1-A1'],
    ]);
    expect(result).to.include({ exitCode: 0, told: 1, unfinished: 0 });
    expect(entry('A1')).to.include({ refunded: 400 });
  });

  interruptible('run again after Ctrl-C it gives back once', async () => {
    await sell('A1');
    play({ loseResponse: ['refund'] });
    const first = shop.start(['refund', 'A1', '400', '--yes', '--json'], { input: '' });
    while (sent() === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    first.interrupt();
    const { result } = await first.ended();
    expect(result).to.include({ status: 'processing', accepted: false, exitCode: 4 });
    play({});
    const again = await shop.run(['refund', 'A1', '400', '--yes', '--json']);
    expect(again.result).to.include({ out_refund_no: 'R1-A1', status: 'refunded', exitCode: 0 });
    expect(entry('A1')).to.include({ refunded: 400 });
  });

  it('run again after it was killed while it waited, though the refund has ended, it gives back once', async () => {
    await sell('X0');
    await sellElsewhere('X1');
    play({ loseResponse: ['refund'] });
    const args = ['refund', 'X1', '400', '--total', '800', '--yes', '--json'];
    const first = shop.start(args, { input: '' });
    while (sent() === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    first.kill();
    await first.ended();
    play({});
    // A till's start brings it to its end; nobody hears of it.
    await shop.run(['journal', 'recover']);
    expect(await record('refund', 'R1-X1')).to.include({ state: 'refunded', acknowledged: false });
    const again = await shop.run(args);
    expect(again.result).to.include({ out_refund_no: 'R1-X1', status: 'refunded', exitCode: 0 });
    expect(entry('X1')).to.include({ refunded: 400 });
    expect(await record('refund', 'R1-X1')).to.include({ acknowledged: true });
  });

  it('lists nothing of a sale without refunds, and of one that only the gateway knows', async () => {
    await sellElsewhere('X1');
    const { stdout, code: exit } = await shop.run(['refunds', 'X1']);
    expect(stdout).to.equal('no refunds of X1\n');
    expect(exit).to.equal(0);
  });

  it('refuses what is no amount, no number, and two numbers', async () => {
    await sell('A1');
    const wrong = [
      ['refund'],
      ['refund', 'A1'],
      ['refund', 'A1', '0'],
      ['refund', 'A1', '12.50'],
      ['refund', 'A1', '100', '--transaction-id', '4200000000000000000000000001'],
      ['refund', '--transaction-id', '4200000000000000000000000001', 'abc'],
      ['refund', 'A1', '100', '--yes', '--out-refund-no', 'R 1'],
      ['refunds'],
    ];
    for (const args of wrong) expect((await shop.run(args)).code, args.join(' ')).to.equal(2);
    expect(sent()).to.equal(0);
  });
});
