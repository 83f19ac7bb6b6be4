import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FileJournal, type JournalRecord, PayClient } from 'wxpay-face';
import { recover } from '../../lib/cli/commands/journal/recover.js';
import { readConfig } from '../../lib/cli/config.js';
import type { Output } from '../../lib/cli/output.js';
import { english } from '../../lib/words/cli/index.js';
import type { Command } from '../support/command.js';
import { interruptible } from '../support/skip.js';
import { openShop, type Shop } from './shop.js';

const code = '134567890123456789';

describe('payments by wxpay-face', () => {
  let shop: Shop;
  beforeEach(async () => {
    shop = await openShop();
  });
  afterEach(() => shop.close());

  const entry = (out_trade_no: string) => shop.simulator.ledger.find((order) => order.out_trade_no === out_trade_no);
  const calls = () => shop.simulator.calls.map(({ name }) => name);
  const scan = (out_trade_no: string, ...more: string[]): Command =>
    shop.start(['pay', '1250', '--auth-code-stdin', '--out-trade-no', out_trade_no, ...more], { input: `${code}\n` });
  /** The customer is typing the password; the program ends in the middle. */
  async function killWhilePaying(out_trade_no: string): Promise<void> {
    shop.simulator.scenario = 'userpaying-forever';
    const command = scan(out_trade_no, '--json');
    await command.says('"phase":"querying"');
    command.kill();
    await command.ended();
  }
  async function record(out_trade_no: string): Promise<JournalRecord | undefined> {
    const journal = await FileJournal.open(shop.journal);
    try {
      return await journal.get('payment', out_trade_no);
    } finally {
      await journal.close();
    }
  }
  /** Another till's payment: the gateway knows it, this journal doesn't. */
  async function paidElsewhere(out_trade_no: string): Promise<string> {
    const client = new PayClient(shop.simulator.client);
    const result = await client.micropay({ out_trade_no, total_fee: 800, body: 'tea', auth_code: code });
    client.close();
    return result.result_code === 'SUCCESS' ? result.transaction_id : '';
  }
  describe('pay', () => {
    it('takes a face payment, shows its phases, and writes it down as told', async () => {
      const { code: exit, stdout, stderr } = await shop.run(['pay', '1250', '--out-trade-no', 'F1', '--body', '咖啡']);
      expect(stdout).to.match(/^paid +F1: ¥12\.50, transaction_id \d{28}\n$/);
      expect(stderr).to.match(/till +\w+ getWxpayfaceCode[\s\S]*till +sending[\s\S]*till +finished paid/);
      expect(exit).to.equal(0);
      expect(entry('F1')).to.include({ trade_state: 'SUCCESS', charged: 1250 });
      expect(calls()).to.include('updateWxpayfacePayResult');
      expect(await record('F1')).to.include({ state: 'paid', acknowledged: true });
    });

    it('takes the facepay rail', async () => {
      const { result } = await shop.run(['pay', '1250', '--rail', 'facepay', '--json']);
      expect(result).to.include({ status: 'paid', total_fee: 1250, exitCode: 0 });
      expect(calls()).to.include('facepay').and.not.to.include('micropay');
    });

    it('takes a scanned code from stdin, and tells every phase as a JSON line', async () => {
      const { documents } = await scan('S1', '--json').ended();
      expect(documents.map(({ type, phase, status }) => [type, phase ?? status].join(' ').trim())).to.deep.equal([
        'started',
        'progress submitting',
        'progress finished',
        'result paid',
      ]);
      expect(calls()).to.deep.equal(['micropay']);
    });

    it('refuses an empty stdin and a code that is none, without quoting it', async () => {
      const none = await shop.run(['pay', '1', '--auth-code-stdin', '--json']);
      expect(none.result).to.include({ code: 'ERR_INVALID_PARAMETER', exitCode: 2 });
      const wrong = await shop.run(['pay', '1', '--auth-code-stdin', '--json'], {
        input: '4711-4711',
        hidden: ['4711-4711'],
      });
      expect(wrong.result).to.include({ code: 'ERR_INVALID_PARAMETER', exitCode: 2 });
      expect(calls()).to.deep.equal([]);
    });

    const ends = [
      { scenario: 'not-enough', status: 'declined', exit: 1 },
      { scenario: 'user-cancel', status: 'cancelled', exit: 1 },
      { scenario: 'scan-payment', status: 'scan', exit: 1 },
      { scenario: 'userpaying-then-paid', status: 'paid', exit: 0 },
      { scenario: 'userpaying-forever', status: 'reversed', exit: 1 },
      { scenario: 'gateway-down', status: 'failed', exit: 1 },
      { scenario: { payment: 'OUT_TRADE_NO_USED' }, status: 'attention', exit: 3 },
    ];
    for (const { scenario, status, exit } of ends)
      it(`ends with ${exit} where the payment is ${status}`, async () => {
        shop.simulator.scenario = scenario;
        if (status === 'reversed') shop.change({ polling: { firstDelay: 50, interval: 50, timeout: 400 } });
        const { result } = await shop.run(['pay', '1250', '--json']);
        expect(result).to.include({ type: 'result', status, exitCode: exit });
      });

    it('leaves to recover() what a person must look at', async () => {
      shop.simulator.scenario = { payment: 'ORDERPAID' };
      await scan('P1').ended();
      expect(await record('P1')).to.include({ state: 'attention', acknowledged: false });
      const again = await shop.run(['journal', 'recover', '--json']);
      expect(again.result).to.include({ exitCode: 3, told: 1, attention: 1 });
    });

    it('never uses a number twice', async () => {
      await scan('N1').ended();
      const { result } = await scan('N1', '--json').ended();
      expect(result).to.include({ code: 'ERR_ORDER_EXISTS', exitCode: 1 });
      expect(calls()).to.deep.equal(['micropay']);
    });

    it('sends nothing while another process has the journal', async () => {
      const held = await FileJournal.open(shop.journal);
      const { result } = await scan('L1', '--json').ended();
      await held.close();
      expect(result).to.include({ code: 'ERR_JOURNAL_LOCKED', exitCode: 1 });
      expect(calls()).to.deep.equal([]);
    });

    it('says what is missing for a face', async () => {
      shop.change({ terminal: undefined });
      const { code: exit, stderr } = await shop.run(['pay', '1']);
      expect(stderr).to.match(/terminal is required: store_id, store_name and device_id/);
      expect(exit).to.equal(2);
    });

    it('tells a service that is not running', async () => {
      shop.simulator.scenario = 'service-down';
      const { result } = await shop.run(['pay', '1', '--json']);
      expect(result).to.include({ code: 'ERR_SERVICE_CALL', exitCode: 1 });
    });

    interruptible('cancels at Ctrl-C while the customer is looked for', async () => {
      shop.simulator.scenario = { face: 'waiting' };
      const command = shop.start(['pay', '1250', '--out-trade-no', 'C1', '--json']);
      await command.says('getWxpayfaceCode');
      command.interrupt();
      const { result } = await command.ended();
      expect(result).to.include({ status: 'cancelled', by: 'cashier', exitCode: 1 });
      expect(entry('C1')).to.equal(undefined);
    });

    interruptible('reverses at Ctrl-C what was sent, and waits for it', async () => {
      shop.simulator.scenario = 'userpaying-forever';
      const command = scan('C2', '--json');
      await command.says('"phase":"querying"');
      command.interrupt();
      const { result, stderr } = await command.ended();
      expect(stderr).to.match(/waiting for how it ends\. Ctrl-C again ends at once/);
      expect(result).to.include({ status: 'reversed', exitCode: 1 });
      expect(entry('C2')).to.include({ trade_state: 'REVOKED', charged: 0 });
    });

    interruptible('ends at once at a second Ctrl-C, and recover brings the payment to its end', async () => {
      shop.simulator.scenario = 'userpaying-forever';
      shop.change({ reversal: { notBefore: 60_000, settleAfter: 70_000 } });
      const command = scan('C3', '--json');
      await command.says('"phase":"querying"');
      command.interrupt();
      await command.says('"phase":"reversing"');
      command.interrupt();
      const { result, code: exit, stderr } = await command.ended();
      expect(exit).to.equal(130);
      expect(result).to.include({ type: 'error', code: 'ERR_INTERRUPTED' });
      expect(stderr).to.match(/journal recover/);
      expect(await record('C3')).to.include({ state: 'reversing', finished: false });
      shop.change({ reversal: { notBefore: 50, settleAfter: 10_500 } });
      const recovered = await shop.run(['journal', 'recover', '--acknowledge']);
      expect(recovered.stdout).to.match(/^reversed +C3: [\s\S]*1 told, 0 for a person to look at, 0 unfinished\n$/);
      expect(recovered.code).to.equal(0);
      expect(await record('C3')).to.include({ state: 'reversed', acknowledged: true });
    });

    interruptible('cancels at Ctrl-C while it waits for a code', async () => {
      const command = shop.start(['pay', '1', '--auth-code-stdin', '--json']);
      await command.says('"type":"started"');
      command.interrupt();
      expect((await command.ended()).result).to.include({ status: 'cancelled', exitCode: 1 });
      expect(calls()).to.deep.equal([]);
    });

    it('loses nothing where it is killed in the middle', async () => {
      await killWhilePaying('K1');
      shop.simulator.scenario = 'success';
      const list = await shop.run(['journal', 'list', '--unfinished', '--json']);
      expect(list.stdout).to.include('"K1"');
      const { result, documents } = await shop.run(['journal', 'recover', '--json']);
      const outcome = documents.find(({ type }) => type === 'outcome');
      const kept = (entry('K1')?.charged ?? 0) - (entry('K1')?.refunded ?? 0);
      expect(kept).to.equal(outcome?.status === 'paid' ? 1250 : 0);
      expect(result).to.include({ exitCode: 0, told: 1, unfinished: 0 });
    });
  });

  describe('query', () => {
    it('ends with 0 only where the order is paid', async () => {
      await scan('Q1').ended();
      const paid = await shop.run(['query', 'Q1', '--json']);
      expect(paid.result).to.include({ trade_state: 'SUCCESS', total_fee: 1250, exitCode: 0 });
      expect((await shop.run(['query', 'Q1'])).stdout).to.match(/^Q1: SUCCESS, .*¥12\.50, transaction_id \d{28}/);
      const byId = await shop.run(['query', '--transaction-id', String(paid.result.transaction_id), '--json']);
      expect(byId.result).to.include({ out_trade_no: 'Q1', exitCode: 0 });
      expect((await shop.run(['query', 'Q2', '--json'])).result).to.include({ err_code: 'ORDERNOTEXIST', exitCode: 1 });
    });

    it('ends with 4 while the customer enters the password', async () => {
      shop.simulator.scenario = { payment: 'password', password: 'never' };
      const client = new PayClient(shop.simulator.client);
      await client.micropay({ out_trade_no: 'Q3', total_fee: 1, body: 'tea', auth_code: code });
      client.close();
      expect((await shop.run(['query', 'Q3', '--json'])).result).to.include({ trade_state: 'USERPAYING', exitCode: 4 });
    });

    it('shows that it waits, and what the gateway said', async () => {
      const text = await shop.run(['query', 'Q5']);
      expect(text.stderr).to.match(/^ {2}gateway {3}orderquery → ORDERNOTEXIST, \d+ ms$/m);
      const { documents } = await shop.run(['query', 'Q5', '--json']);
      expect(documents[0]).to.deep.equal({ type: 'progress', out_trade_no: 'Q5', phase: 'querying' });
    });

    it('tells a gateway that is down, and a wrong key', async () => {
      shop.simulator.scenario = 'gateway-down';
      const down = await shop.run(['query', 'Q4', '--json']);
      expect(down.result).to.include({ type: 'error', code: 'ERR_PAY_TRANSPORT', exitCode: 1 });
      shop.simulator.scenario = 'success';
      const hidden = 'fedcba9876543210fedcba9876543210';
      const wrong = await shop.run(['query', 'Q4'], { env: { WXPAY_FACE_KEY: hidden }, hidden: [hidden] });
      expect(wrong.stderr).to.match(/签名错误/);
      expect(wrong.code).to.equal(1);
    });
  });

  describe('reverse', () => {
    it('asks first, and without a terminal demands --yes', async () => {
      await scan('R1').ended();
      const { code: exit, stderr } = await shop.run(['reverse', 'R1']);
      expect(exit).to.equal(2);
      expect(stderr).to.match(/--yes is required/);
      expect(entry('R1')).to.include({ trade_state: 'SUCCESS', refunded: 0 });
    });

    it('gives a sale of the journal up through the journal', async () => {
      await scan('R2').ended();
      const { result, documents } = await shop.run(['reverse', 'R2', '--yes', '--json']);
      expect(result).to.include({ status: 'reversed', exitCode: 0 });
      expect(documents.some(({ phase }) => phase === 'reversing')).to.equal(true);
      expect(entry('R2')).to.include({ trade_state: 'REVOKED', charged: 1250, refunded: 1250 });
      // The till whose sale it was shall hear of it.
      expect(await record('R2')).to.include({ state: 'reversed', acknowledged: false });
      expect((await shop.run(['reverse', 'R2', '--yes', '--json'])).result).to.include({
        status: 'reversed',
        exitCode: 0,
      });
    });

    for (const confirmation of [['--yes'], []])
      interruptible(
        `keeps a sale at Ctrl-C during the first query${confirmation.map((flag) => `, with ${flag}`)}`,
        async () => {
          await scan('R11').ended();
          // Longer than the test: the query ends by the interruption.
          shop.simulator.scenario = { latency: 600_000 };
          const command = shop.start(['reverse', 'R11', ...confirmation, '--json'], { input: '' });
          while (!calls().includes('orderquery')) await new Promise((resolve) => setTimeout(resolve, 10));
          command.interrupt();
          const { result } = await command.ended();
          expect(result).to.include({ status: 'kept', reason: 'interrupted', exitCode: 1 });
          expect(entry('R11')).to.include({ trade_state: 'SUCCESS', refunded: 0 });
          expect(await record('R11')).to.include({ state: 'paid' });
        },
      );

    it('finds a sale of the journal by its transaction_id', async () => {
      const { result } = await scan('R3', '--json').ended();
      const id = String(result.transaction_id);
      await shop.run(['reverse', '--transaction-id', id, '--yes']);
      expect(await record('R3')).to.include({ state: 'reversed' });
    });

    it('touches nothing behind a till that has the journal open', async () => {
      await scan('R4').ended();
      const held = await FileJournal.open(shop.journal);
      const { result } = await shop.run(['reverse', 'R4', '--yes', '--json']);
      await held.close();
      expect(result).to.include({ code: 'ERR_JOURNAL_LOCKED', exitCode: 1 });
      expect(entry('R4')).to.include({ trade_state: 'SUCCESS' });
    });

    it('reverses an order that the journal doesn’t know until a query shows it', async () => {
      await paidElsewhere('R5');
      shop.simulator.scenario = { reverse: 'SYSTEMERROR' };
      const command = shop.start(['reverse', 'R5', '--yes', '--json']);
      await command.says('"attempt":2');
      shop.simulator.scenario = 'success';
      const { result } = await command.ended();
      expect(result).to.include({ status: 'reversed', why: 'given-up', exitCode: 0 });
      expect(entry('R5')).to.include({ refunded: 800 });
    });

    it('reverses without a journal, by transaction_id', async () => {
      const id = await paidElsewhere('R6');
      shop.change({ journal: undefined });
      const { code: exit, stdout } = await shop.run(['reverse', '--transaction-id', id, '--yes']);
      expect(stdout).to.match(/^reversed +R6: it was given up/m);
      expect(exit).to.equal(0);
    });

    it('tells an order that is not there, too old, or reversed already', async () => {
      expect((await shop.run(['reverse', 'R7', '--yes', '--json'])).result).to.include({
        status: 'ORDERNOTEXIST',
        exitCode: 1,
      });
      await paidElsewhere('R8');
      shop.simulator.scenario = { reverse: 'REVERSE_EXPIRE' };
      expect((await shop.run(['reverse', 'R8', '--yes', '--json'])).result).to.include({
        status: 'attention',
        code: 'reverse-expired',
        exitCode: 3,
      });
      shop.simulator.scenario = 'success';
      await shop.run(['reverse', 'R8', '--yes']);
      const before = calls().filter((name) => name === 'reverse').length;
      expect((await shop.run(['reverse', 'R8', '--yes', '--json'])).result).to.include({
        status: 'REVOKED',
        exitCode: 0,
      });
      expect(calls().filter((name) => name === 'reverse')).to.have.lengthOf(before);
    });

    it('says that it can’t without a certificate', async () => {
      await paidElsewhere('R9');
      shop.change({ certificate: undefined });
      const { result } = await shop.run(['reverse', 'R9', '--yes', '--json']);
      expect(result.message).to.match(/^certificate is required/);
      expect(result.exitCode).to.equal(2);
    });

    it('says what keeps a reversal from its end, and goes on', async () => {
      await paidElsewhere('R12');
      shop.simulator.scenario = { loseRequest: ['reverse'] };
      const command = shop.start(['reverse', 'R12', '--yes']);
      await command.says(/till +reversing .*: the gateway gives no answer/g);
      shop.simulator.scenario = 'success';
      const { code: exit, stdout } = await command.ended();
      expect(stdout).to.match(/^reversed +R12/m);
      expect(exit).to.equal(0);
    });

    interruptible('stops at Ctrl-C and says that nothing is known', async () => {
      await paidElsewhere('R10');
      shop.simulator.scenario = { reverse: 'SYSTEMERROR' };
      const command = shop.start(['reverse', 'R10', '--yes', '--json']);
      await command.says('"attempt":1');
      command.interrupt();
      expect((await command.ended()).result).to.include({ status: 'unfinished', exitCode: 4 });
    });
  });

  describe('journal', () => {
    it('lists and shows payments, without the customer’s openid', async () => {
      await scan('J1').ended();
      shop.simulator.scenario = 'not-enough';
      await scan('J2').ended();
      const { stdout } = await shop.run(['journal', 'list']);
      expect(stdout).to.match(/paid +¥12\.50 {2}J1 {2}acknowledged\n.*declined +¥12\.50 {2}J2 {2}acknowledged\n$/);
      expect((await shop.run(['journal', 'list', '--unfinished'])).stdout).to.equal('no payments\n');
      const shown = await shop.run(['journal', 'show', 'J1']);
      expect(shown.stdout).to.match(/"transaction_id": "\d{28}"/);
      expect(shown.stdout).to.include('"openid": "***"');
      expect((await shop.run(['journal', 'show', 'J3', '--json'])).result).to.deep.equal({
        type: 'result',
        exitCode: 1,
      });
    });

    it('lists, shows and checks beside the till that writes', async () => {
      await scan('J4').ended();
      const held = await FileJournal.open(shop.journal);
      try {
        expect((await shop.run(['journal', 'list'])).stdout).to.match(/J4/);
        expect((await shop.run(['journal', 'show', 'J4', '--json'])).result).to.include({ exitCode: 0 });
        expect((await shop.run(['journal', 'check'])).stdout).to.match(/as it was written, 1 records/);
        expect((await shop.run(['journal', 'recover', '--json'])).result).to.include({ code: 'ERR_JOURNAL_LOCKED' });
      } finally {
        await held.close();
      }
    });

    it('shows what is readable of a damaged journal, and writes it to a new folder only', async () => {
      for (const number of ['J5', 'J6', 'J7']) await scan(number).ended();
      const path = join(shop.journal, 'journal.log');
      const bytes = readFileSync(path);
      bytes.write('X', bytes.indexOf('"J6"') + 40);
      writeFileSync(path, bytes);
      expect((await shop.run(['journal', 'list', '--json'])).result).to.include({ code: 'ERR_JOURNAL_DAMAGED' });
      const checked = await shop.run(['journal', 'check']);
      expect(checked.code).to.equal(3);
      expect(checked.stdout).to.match(/damaged: line \d+ .*3 records are readable/);
      expect(checked.stdout).to.match(/concerned: .*J6.*J7/);
      const target = join(shop.folder, 'salvaged');
      const salvaged = await shop.run(['journal', 'salvage', 'salvaged', '--json']);
      expect(salvaged.result).to.include({ records: 3, exitCode: 3 });
      expect(readFileSync(path)).to.deep.equal(bytes);
      expect((await shop.run(['journal', 'check', '--journal', target])).stdout).to.match(
        /as it was written, 3 records/,
      );
      expect((await shop.run(['journal', 'salvage', 'salvaged'])).code).to.equal(2);
      expect((await shop.run(['journal', 'recover', '--journal', target, '--json'])).result).to.include({
        exitCode: 0,
      });
    });

    it('begins no journal in a folder that was named wrongly', async () => {
      for (const args of [['list'], ['show', 'J1'], ['recover']]) {
        const { code: exit, stderr } = await shop.run(['journal', ...args, '--journal', 'nowhere']);
        expect(stderr).to.match(/journal is not there: .*nowhere/);
        expect(exit).to.equal(2);
      }
      expect(() => readFileSync('nowhere')).to.throw(/ENOENT/);
    });

    it('opens no folder of other files, and leaves it as it is', async () => {
      const before = readdirSync(shop.folder);
      for (const args of [
        ['journal', 'list'],
        ['journal', 'recover'],
        ['reverse', 'J1', '--yes'],
      ]) {
        const { code: exit, stderr } = await shop.run([...args, '--journal', '.']);
        expect(stderr).to.match(/journal is none: .* holds other files/);
        expect(exit).to.equal(2);
      }
      expect(readdirSync(shop.folder)).to.deep.equal(before);
    });

    it('reverses at the gateway where the journal’s folder is still empty', async () => {
      await paidElsewhere('J6');
      mkdirSync(shop.journal);
      expect((await shop.run(['reverse', 'J6', '--yes', '--json'])).result).to.include({ status: 'reversed' });
      expect(readdirSync(shop.journal)).to.deep.equal([]);
    });

    interruptible('recover stops at Ctrl-C, and what is unfinished stays', async () => {
      await killWhilePaying('J4');
      shop.simulator.scenario = 'gateway-down';
      const recovery = shop.start(['journal', 'recover', '--json']);
      await recovery.says('"type":"progress"');
      recovery.interrupt();
      expect((await recovery.ended()).result).to.include({ exitCode: 4, told: 0, unfinished: 1 });
    });

    it('recover begins nothing where it was interrupted while it opened the journal', async () => {
      shop.simulator.scenario = { latency: 600_000 };
      const command = scan('J5', '--json');
      await command.says('"phase":"submitting"');
      while (!calls().includes('micropay')) await new Promise((resolve) => setTimeout(resolve, 10));
      command.kill();
      await command.ended();
      const sent = calls().length;
      const nothing = (): void => undefined;
      const silent: Output = { json: false, words: english, say: nothing, step: nothing, note: nothing, emit: nothing };
      const recovery = recover(readConfig(shop.config), shop.journal, { acknowledge: false }, silent);
      // Heard by the command alone: here nothing else listens for it.
      process.emit('SIGHUP');
      expect(await recovery).to.equal(4);
      expect(calls()).to.have.lengthOf(sent);
    });
  });
});
