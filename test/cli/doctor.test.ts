import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FacePay, FaceService, FileJournal, localMerchant, PayClient, PaymentProcessor } from 'wxpay-face';
import { examine } from '../../lib/cli/doctor/examine.js';
import type { Finding } from '../../lib/cli/doctor/verdict.js';
import { authority, issue, mch_id, toPfx } from '../support/certificates.js';
import { PipeServer } from '../support/pipe-server.js';
import { skip } from '../support/skip.js';
import { certificate, day, faults } from './doctor-faults.js';
import { openShop, type Shop } from './shop.js';

const terminal = { store_id: 'SZTX001', store_name: '腾大餐厅', device_id: 'TILL-1' };
const isFinding = (value: unknown): value is Finding =>
  typeof value === 'object' && value !== null && 'name' in value && 'status' in value && 'says' in value;

/** What the built command finds. */
async function findings(shop: Shop): Promise<{ code: number | null; found: Finding[] }> {
  const { code, result } = await shop.run(['doctor', '--json']);
  const found = Array.isArray(result.checks) ? result.checks.filter(isFinding) : [];
  return { code, found };
}

const named = (found: readonly Finding[], status: Finding['status']): string[] =>
  found.filter((finding) => finding.status === status).map(({ name }) => name);

describe('wxpay-face doctor', () => {
  let shop: Shop;
  beforeEach(async () => {
    shop = await openShop();
  });
  afterEach(() => shop.close());

  it('finds a till in front of the simulator well, and moves no money', async () => {
    await (await FileJournal.open(shop.journal)).close();
    const { code, found } = await findings(shop);
    expect(named(found, 'fail')).to.deep.equal([]);
    expect(named(found, 'warn')).to.deep.equal([]);
    expect(named(found, 'skip')).to.deep.equal(['backup gateway']);
    expect(named(found, 'ok')).to.include.members(['library', 'service', 'clock', 'certificate', 'key', 'authinfo']);
    expect(code).to.equal(0);
    expect(shop.simulator.ledger).to.deep.equal([]);
    expect(shop.simulator.calls.map(({ name }) => name)).to.include('releaseWxpayface');
  });

  it('disturbs no customer of a till program that runs, and finds it well', async () => {
    const { simulator } = shop;
    simulator.scenario = { face: 'waiting' };
    const face = await FaceService.open({ library: simulator.library });
    const client = new PayClient(simulator.client);
    const journal = await FileJournal.open(shop.journal);
    const processor = new PaymentProcessor({ client, journal });
    const till = new FacePay({ face, merchant: localMerchant(client, processor), terminal });
    shop.atEnd(async () => {
      await till.close();
      await face.close();
      await processor.close();
      await journal.close();
      client.close();
    });
    const sale = till.pay({ out_trade_no: 'D1', total_fee: 1250, body: '拿铁咖啡' });
    while (!simulator.calls.some(({ name }) => name === 'getWxpayfaceCode'))
      await new Promise((resolve) => setTimeout(resolve, 20));
    const before = simulator.calls.length;
    const { code, found } = await findings(shop);
    expect(simulator.calls.slice(before).filter(({ to }) => to === 'face')).to.deep.equal([]);
    expect(found.find(({ name }) => name === 'journal')?.says).to.match(/in another process: the till program runs/);
    expect(named(found, 'ok')).to.deep.equal([
      ...['config', 'journal', 'merchant', 'certificate', 'gateway', 'tls', 'face gateway', 'clock'],
      ...['certificate accepted', 'key'],
    ]);
    expect(named(found, 'fail')).to.deep.equal([]);
    expect(code).to.equal(0);
    expect(simulator.act('show-face')).to.equal(true);
    expect((await sale).status).to.equal('paid');
  });

  it('sees by --journal that a till program runs, also where the configuration is no good', async () => {
    const held = await FileJournal.open(join(shop.folder, 'held'));
    shop.atEnd(() => held.close());
    writeFileSync(shop.config, '{');
    const { result } = await shop.run(['doctor', '--json', '--journal', 'held']);
    const found = Array.isArray(result.checks) ? result.checks.filter(isFinding) : [];
    expect(named(found, 'ok')).to.deep.equal(['journal']);
    expect(named(found, 'fail')).to.deep.equal(['config']);
  });

  it('leaves the camera alone where a journal can’t be opened, since a till program may have it', async () => {
    await (await FileJournal.open(shop.journal)).close();
    writeFileSync(join(shop.journal, 'journal.log'), 'nonsense');
    const { found } = await findings(shop);
    expect(named(found, 'fail')).to.deep.equal(['journal']);
    expect(found.find(({ name }) => name === 'journal')?.todo).to.match(/journal check/);
    expect(found.find(({ name }) => name === 'service')?.says).to.match(/can’t be seen/);
    expect(shop.simulator.calls.filter(({ to }) => to === 'face')).to.deep.equal([]);
  });

  for (const [title, fields] of [
    ['certificate', { certificate: { cert: 'nowhere.pem', key: 'nowhere.pem' } }],
    ['certificate that is none', { certificate: { cert: 'till.json', key: 'till.json' } }],
  ] as const)
    it(`looks at network, clock and key without the ${title}`, async () => {
      shop.change(fields);
      const { found } = await findings(shop);
      expect(named(found, 'fail')).to.deep.equal(['certificate']);
      expect(named(found, 'ok')).to.include.members(['gateway', 'tls', 'face gateway', 'clock', 'key', 'authinfo']);
    });

  it('looks at the network without the file of a further authority', async () => {
    shop.change({ ca: 'nowhere.pem' });
    const { found } = await findings(shop);
    expect(found.find(({ status }) => status === 'fail')?.says).to.match(/^ca can't be read: .*nowhere.pem/);
    expect(named(found, 'ok')).to.include.members(['certificate', 'gateway']);
  });

  it('takes an empty folder for the place of a new journal, and leaves it empty', async () => {
    mkdirSync(shop.journal);
    const { found } = await findings(shop);
    expect(found.find(({ name }) => name === 'journal')).to.include({ status: 'warn' });
    expect(readdirSync(shop.journal)).to.deep.equal([]);
  });

  it('tells a person in lines, each fault with what to do', async () => {
    shop.simulator.scenario = 'service-down';
    const { code, stdout } = await shop.run(['doctor']);
    expect(stdout).to.match(/^ok {4}library .*x64|ia32/m);
    expect(stdout).to.match(/^FAIL {2}service .*\n +→ start the WxpayFaceService/m);
    expect(stdout).to.match(/^skip {2}init .*without service/m);
    expect(code).to.equal(1);
  });

  it('tells which check it waits for, and each finding as it comes', async () => {
    const service = await PipeServer.start();
    service.answer = () => new Promise(() => undefined);
    shop.atEnd(() => service.close());
    shop.change({ pipe: service.path });
    const text = shop.start(['doctor']);
    await text.says(/^… +service$/gm);
    expect(text.stdout)
      .to.match(/^ok +library/m)
      .and.not.match(/ service /);
    const json = shop.start(['doctor', '--json']);
    await json.says('"name":"library"');
    expect(
      json.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).to.deep.include.members([{ type: 'check', name: 'config', status: 'ok', says: shop.config }]);
    expect(json.stdout).not.to.include('"type":"result"');
  });

  for (const { title, make, fails, says, todo } of faults)
    it(`names ${title}`, async () => {
      await make(shop);
      const { code, found } = await findings(shop);
      expect(named(found, 'fail')).to.deep.equal(fails);
      const fault = found.find(({ name }) => name === fails[0]);
      expect(fault?.says).to.match(says);
      expect(fault?.todo).to.match(todo);
      expect(code).to.equal(1);
    });

  it('gives no advice on the network where a gateway is reached that can’t be trusted', async () => {
    writeFileSync(join(shop.folder, 'other-ca.pem'), authority.cert);
    const { pay, face } = shop.simulator.client.endpoints ?? {};
    shop.change({ ca: 'other-ca.pem', endpoints: { pay, payBackup: pay, face } });
    const { found } = await findings(shop);
    for (const name of ['tls', 'backup gateway', 'face gateway'])
      expect(found.find((finding) => finding.name === name)?.todo, name)
        .to.match(/set this machine’s clock .*`ca`/)
        .and.not.match(/firewall/);
  });

  it('skips what an earlier fault makes meaningless, and says which', async () => {
    shop.simulator.scenario = 'service-down';
    const { found } = await findings(shop);
    expect(found.filter(({ status }) => status === 'skip').map(({ name, says }) => `${name}: ${says}`)).to.deep.equal([
      'init: without service it has no meaning',
      'rawdata: without init it has no meaning',
      'backup gateway: none is configured',
      'authinfo: without rawdata it has no meaning',
    ]);
  });

  it('checks a terminal whose keys are on a merchant server', async () => {
    const { library, env } = shop.simulator;
    writeFileSync(shop.config, JSON.stringify({ library, pipe: env.WXPAY_FACE_PIPE }));
    const { code, found } = await findings(shop);
    expect(named(found, 'ok')).to.deep.equal(['config', 'library', 'service', 'init', 'rawdata']);
    expect(found.find(({ name }) => name === 'merchant')?.status).to.equal('skip');
    expect(code).to.equal(0);
  });

  it('reads a .p12, whose passphrase is the mch_id unless another is given', async () => {
    writeFileSync(join(shop.folder, 'merchant.p12'), toPfx(issue(mch_id, { issuer: authority }), mch_id), {
      mode: 0o600,
    });
    shop.change({ certificate: { p12: 'merchant.p12' } });
    const { found } = await findings(shop);
    expect(found.find(({ name }) => name === 'certificate')?.status).to.equal('ok');
    // Its issuer is none of the simulator's.
    expect(named(found, 'fail')).to.deep.equal(['certificate accepted']);
    shop.change({ certificate: { p12: 'merchant.p12', passphrase: 'another' } });
    const wrong = (await findings(shop)).found.find(({ name }) => name === 'certificate');
    expect(wrong?.says).to.match(/certificate has another passphrase/);
  });

  it('warns of a certificate that ends soon, and of payments that are unfinished', async () => {
    certificate(shop, issue(mch_id, { from: Date.now() - 20 * day, days: 30 }));
    const journal = await FileJournal.open(shop.journal);
    await journal.create({
      schema: 1,
      kind: 'payment',
      id: 'A1',
      revision: 1,
      state: 'polling',
      finished: false,
      acknowledged: false,
      updatedAt: Date.now(),
      data: {},
    });
    await journal.close();
    const { found } = await findings(shop);
    expect(found.find(({ name }) => name === 'certificate')).to.include({ status: 'warn' });
    expect(found.find(({ name }) => name === 'journal')?.says).to.match(/1 unfinished/);
    expect(named(found, 'warn')).to.deep.equal(['journal', 'certificate']);
  });

  for (const err_code of ['INVALID_REQUEST', 'SIGNERROR', 'SYSTEMERROR'])
    it(`warns where the reversal of no order is answered ${err_code}`, async () => {
      shop.simulator.scenario = { reverse: err_code };
      const { found } = await findings(shop);
      const accepted = found.find(({ name }) => name === 'certificate accepted');
      expect(accepted).to.include({ status: 'warn' });
      // With the vendor's own words.
      expect(accepted?.says).to.match(new RegExp(`was answered ${err_code} \\p{Script=Han}+$`, 'u'));
    });

  it('warns where the gateway limits calls, which says nothing of key, certificate and terminal', async () => {
    shop.simulator.scenario = { limited: ['reverse', 'orderquery', 'get_wxpayface_authinfo'], limit: 'unsigned' };
    const { code, found } = await findings(shop);
    for (const check of ['certificate accepted', 'key', 'authinfo']) {
      const finding = found.find(({ name }) => name === check);
      expect(finding).to.include({ status: 'warn' });
      expect(finding?.says).to.match(/频率限制/);
      expect(finding?.todo).to.match(/limits this merchant’s calls/);
    }
    expect(code).to.equal(0);
  });

  for (const err_code of ['PARAM_ERROR', 'INVALID_TRANSACTIONID'])
    it(`is content where the reversal of no order is answered ${err_code}`, async () => {
      shop.simulator.scenario = { reverse: err_code };
      const { found } = await findings(shop);
      expect(found.find(({ name }) => name === 'certificate accepted')).to.include({ status: 'ok' });
    });

  it('warns of a key with the wrong form, without its value', async () => {
    shop.change({ key: 'Short-Key-1' });
    const { stdout } = await shop.run(['doctor'], { hidden: ['Short-Key-1'] });
    expect(stdout).to.match(/^WARN {2}merchant .*not the form of an API v2 key/m);
  });

  it('warns of a configuration with a key that everybody can read', async function () {
    if (process.platform === 'win32') return skip(this, 'Windows has no such permissions');
    chmodSync(shop.config, 0o644);
    const { found } = await findings(shop);
    const config = found.find(({ name }) => name === 'config');
    expect(config).to.include({ status: 'warn' });
    expect(config?.todo).to.equal(`chmod 600 "${shop.config}"`);
  });

  const clocks = [
    { ahead: 0, status: 'ok', says: /^[0-3] s/ },
    { ahead: 25_000, status: 'ok', says: /^2[3-7] s ahead of/ },
    { ahead: -100_000, status: 'warn', says: /^(?:9[7-9]|10[0-3]) s behind/ },
    { ahead: 3_600_000, status: 'fail', says: /^3(?:59[7-9]|60[0-3]) s ahead of/ },
    { ahead: -3_600_000, status: 'fail', says: /^3(?:59[7-9]|60[0-3]) s behind the gateway/ },
  ] as const;
  for (const { ahead, status, says } of clocks)
    it(`says ${status} of a clock that is ${ahead / 1000} s ahead`, async () => {
      const found = await examine(
        {
          config: shop.config,
          journal: undefined,
          now: () => Date.now() + ahead,
          signal: new AbortController().signal,
          serviceTimeout: 10_000,
        },
        { found: () => undefined },
      );
      const clock = found.find(({ name }) => name === 'clock');
      expect(clock?.says).to.match(says);
      expect(clock?.status).to.equal(status);
    });

  it('blames nothing for what was broken off', async () => {
    // Longer than the test: the call that is under way ends by the interruption.
    shop.simulator.scenario = { latency: 600_000 };
    const interruption = new AbortController();
    const found = await examine(
      {
        config: shop.config,
        journal: undefined,
        now: Date.now,
        signal: interruption.signal,
        serviceTimeout: 10_000,
      },
      {
        waits: (name) => {
          if (name === 'certificate accepted') interruption.abort();
        },
        found: () => undefined,
      },
    );
    const last = found.slice(found.findIndex(({ name }) => name === 'certificate accepted'));
    expect(last.map(({ says }) => says)).to.deep.equal(last.map(() => 'interrupted'));
    expect(named(found, 'fail')).to.deep.equal([]);
  });

  it('does not wait for ever for a service that never answers', async () => {
    const service = await PipeServer.start();
    service.answer = () => new Promise(() => undefined);
    shop.atEnd(() => service.close());
    // The environment wins over the file.
    process.env.WXPAY_FACE_PIPE = service.path;
    const found = await examine(
      {
        config: shop.config,
        journal: undefined,
        now: Date.now,
        signal: new AbortController().signal,
        serviceTimeout: 50,
      },
      { found: () => undefined },
    );
    expect(named(found, 'fail')).to.deep.equal(['service']);
    expect(found.find(({ name }) => name === 'service')?.says).to.match(/did not answer within/);
  });
});
