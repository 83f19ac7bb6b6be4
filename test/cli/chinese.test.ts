import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FileJournal, PayClient } from 'wxpay-face';
import type { Ended, Options } from '../support/command.js';
import { faults } from './doctor-faults.js';
import { openShop, type Shop } from './shop.js';

// Node.js can't send another process a signal there, but only end it.
const _interruptible = process.platform === 'win32' ? it.skip : it;

const chinese = { LANG: 'zh_CN.UTF-8' };

/** What stands in a line of its own without Chinese: a number, as of a version; the mark of a wait. */
const bare = /^(?:\d+(?:\.\d+)*)?$/;

/** What is no sentence, but is written in Latin letters: our command and its options, other programs' commands, character sets. */
const quoted = [
  /wxpay-face(?: [a-z]+)*/g,
  /“journal recover”/g,
  /“openssl [^”]*”/g,
  /chmod 600/g,
  /w32tm \/resync/g,
  /0-9 A-Z a-z[ _|*@-]*/g,
  /<[a-z_|-]+>/g,
  /\[[a-z_]+\]/g,
  // Words of the simulated service and gateway.
  /camera not found|certificate not match/g,
];

/** Each line is Chinese, with its own punctuation, and has no English sentence in it. */
function expectChinese({ stdout, stderr }: Pick<Ended, 'stdout' | 'stderr'>): void {
  for (const line of `${stdout}\n${stderr}`.split('\n').map((each) => each.trim())) {
    if (bare.test(line)) continue;
    expect(line).to.match(/\p{Script=Han}/u);
    const rest = quoted.reduce((text, each) => text.replace(each, ''), line);
    expect(rest, line).not.to.match(/[a-z’']{2,} [a-z’']{2,} [a-z’']{2,}/i);
    expect(rest, line).not.to.match(/\p{Script=Han} ?[,;:?!()](?!\/)/u);
    expect(rest, line).not.to.match(/\p{Script=Han}\.(?:\s|$)/u);
  }
}

describe('wxpay-face in Chinese', () => {
  let shop: Shop;
  let codes = 0;
  /** The next customer's. */
  const code = (): string => `1345678901234${String(codes++).padStart(5, '0')}`;
  beforeEach(async () => {
    shop = await openShop();
  });
  afterEach(() => shop.close());

  const options = (given: Options = {}): Options => ({ ...given, env: { ...chinese, ...given.env } });
  /** Runs it, and holds all that it prints against the rules. */
  async function run(args: readonly string[], given?: Options): Promise<Ended> {
    const ended = await shop.run(args, options(given));
    expectChinese(ended);
    return ended;
  }
  const _scan = (out_trade_no: string, ...more: string[]) =>
    run(['pay', '1250', '--auth-code-stdin', '--out-trade-no', out_trade_no, ...more], { input: `${code()}\n` });
  async function _paidElsewhere(out_trade_no: string): Promise<string> {
    const client = new PayClient(shop.simulator.client);
    const result = await client.micropay({ out_trade_no, total_fee: 800, body: '茶', auth_code: code() });
    client.close();
    return result.result_code === 'SUCCESS' ? result.transaction_id : '';
  }

  const named = ['demo', 'simulate', 'doctor', 'pay', 'query', 'reverse', 'refund', 'refunds', 'reconcile', 'journal'];
  for (const words of [
    '',
    ...named,
    ...['list', 'show', 'check', 'salvage', 'recover'].map((name) => `journal ${name}`),
  ])
    it(`explains itself: ${words} --help`, async () => {
      const { stdout, code: exit } = await run([...words.split(' ').filter(Boolean), '--help']);
      expect(stdout).to.match(/^用法：wxpay-face/);
      expect(exit).to.equal(0);
    });

  const wrong: ReadonlyArray<readonly [args: string[], explained: RegExp]> = [
    [[], /^用法：/],
    [['journal'], /^用法：wxpay-face journal/],
    [['payy'], /没有“payy”这个命令。\n（是不是想用“pay”？）/],
    [['pay'], /缺少必填参数 total_fee/],
    [['pay', '12.50'], /应为 1 到 \d+ 之间的整数/],
    [['pay', '12', '50'], /命令 pay 的参数过多：应有 1 个，实际有 2 个/],
    [['pay', '1', '--key', 'x'], /没有“--key”这个选项/],
    [['pay', '1', '--rail', 'train'], /不能取“train”，可选值：micropay、facepay/],
    [['pay', '1', '--journal'], /选项 --journal <folder> 缺少取值/],
    [['pay', '1', '--jsn'], /是不是想用“--json”/],
    [['simulate', '--port', '70000'], /0 到 65535/],
    [['simulate', '--scenario', 'nonsense', '--no-open'], /scenario：只能取 success、/],
    [['simulate', '--no-open', '--write-config', 'nowhere/x.json'], /目录不存在/],
    [['simulate', '--no-open', '--pipe', 'x'.repeat(300)], /pipe：最多 \d+ 个字节/],
    [['query'], /必须给出商户订单号/],
    [['query', 'A1', '--transaction-id', '1'], /不能同时使用/],
    [['query', 'A1', '--config', 'nowhere.json'], /无法读取配置文件：.*nowhere\.json（ENOENT）/],
    [['pay', '1', '--out-trade-no', 'a b'], /out_trade_no：只能由/],
    [['pay', '1', '--out-trade-no', 'x'.repeat(33)], /out_trade_no：最多 32 个字符，现在有 33 个/],
    [['pay', '1', '--body', '😀'], /body：不能含有表情符号/],
    [['pay', '1', '--auth-code-stdin'], /没有读到付款码/],
    [['reverse', 'A1'], /必须加上 --yes|没有这笔订单/],
    [['refund'], /必须给出商户订单号和以分为单位的金额/],
    [['refund', 'A1'], /退款金额/],
    [['refund', '--transaction-id', '1', 'abc'], /退款金额应为 1 到/],
    [['reconcile', '2024-13-01'], /yyyy-mm-dd/],
    [['reconcile', '--output', 'table'], /没有支付流水|csv、json/],
    [['journal', 'list', '--journal', 'nowhere'], /没有支付流水：.*nowhere/],
    [['journal', 'list', '--journal', '.'], /不是支付流水/],
    [['journal', 'list', '--kind', 'x'], /可选值：payment、refund/],
  ];
  for (const [args, explained] of wrong)
    it(`explains wrong usage: ${args.join(' ').slice(0, 60)}`, async () => {
      const { stdout, stderr } = await run(args);
      expect(`${stdout}${stderr}`).to.match(explained);
    });

  const configurations: ReadonlyArray<readonly [fields: Record<string, unknown>, explained: RegExp]> = [
    [{ key: 5 }, /配置项 key 应为文本（出处：.*till\.json）/],
    [{ sandbox: 'yes' }, /应为 true 或 false/],
    [{ secret: 1 }, /没有“secret”这个字段；可用的字段有 appid、/],
    [{ terminal: 'x' }, /terminal 应为对象/],
    [{ appid: undefined }, /必须提供 appid/],
    [{ appid: undefined, mch_id: undefined, key: undefined }, /必须提供 appid、mch_id 和 key/],
    [{ sign_type: 'RSA' }, /sign_type 只能取 MD5、HMAC-SHA256 之一/],
    [{ endpoints: { pay: 'http://x' } }, /endpoints\.pay：应以 https:\/\/ 开头/],
    [{ endpoints: { pay: 'https://x/y' } }, /后面不能有其他内容/],
    [{ endpoints: { pay: 'x' } }, /应为网址/],
    [{ callsPerSecond: 0 }, /callsPerSecond：应为大于 0 的数字/],
    [{ timeout: { connect: 0 } }, /timeout\.connect：应为不小于 1 的整数/],
    [{ proxy: 'ftp://x' }, /proxy：应以 http/],
    [{ spbill_create_ip: 'x' }, /应为 IPv4 或 IPv6 地址/],
    [{ certificate: { key: 'k.pem' } }, /应指定 p12，或者同时指定/],
    [{ certificate: { key: 'k', cert: 'c', p12: 'p' } }, /不能两者都指定/],
    [{ certificate: { cert: 'till.json', key: 'till.json' } }, /certificate：不是 PEM/],
    [{ certificate: { p12: 'till.json' } }, /不是 PKCS#12 文件/],
    [{ ca: 'nowhere.pem' }, /无法读取配置项 ca 指定的文件/],
  ];
  for (const [fields, explained] of configurations)
    it(`explains a wrong configuration: ${JSON.stringify(fields)}`, async () => {
      shop.change(fields);
      const { code: exit, stderr } = await run(['query', 'A1']);
      expect(stderr).to.match(explained);
      expect(exit).to.equal(2);
    });

  for (const policy of [
    { polling: { interval: 0 } },
    { polling: { interval: 1.5, timeout: -1 } },
    { reversal: { backoff: { factor: 0 } } },
    { reversal: { settleAfter: 1 } },
    { reversal: { notBefore: 100, settleAfter: 200 } },
    { reversal: { backoff: { initial: 100, maximum: 50 } } },
  ])
    it(`explains a policy out of range: ${JSON.stringify(policy)}`, async () => {
      shop.change(policy);
      const { code: exit, stderr } = await run(['pay', '1', '--auth-code-stdin', '--journal', 'j']);
      expect(stderr).to.match(/(?:polling|reversal)\.\S+：.*(?:应|不能)/);
      expect(exit).to.equal(2);
    });

  it('warns of a secret that everybody can read', async function () {
    if (process.platform === 'win32') return this.skip();
    const { chmodSync } = await import('node:fs');
    chmodSync(shop.config, 0o644);
    const { stderr } = await run(['query', 'A1']);
    expect(stderr).to.match(/^警告：.*任何人都可以读取；请执行 chmod 600/);
  });

  describe('doctor', () => {
    it('finds a till well', async () => {
      await (await FileJournal.open(shop.journal)).close();
      const { code: exit, stdout } = await run(['doctor']);
      expect(stdout).to.match(/^正常 {2}刷脸服务 {14}刷脸服务/m);
      expect(exit).to.equal(0);
    });

    for (const { title, make } of faults)
      it(`names ${title}`, async () => {
        await make(shop);
        const { stdout, code: exit } = await run(['doctor']);
        expect(stdout).to.match(/^失败 {2}.*\n +→ /m);
        expect(exit).to.equal(1);
      });

    for (const [title, make] of [
      [
        'a damaged journal',
        async (it: Shop) => {
          await (await FileJournal.open(it.journal)).close();
          writeFileSync(join(it.journal, 'journal.log'), 'nonsense');
        },
      ],
      [
        'a journal that is held',
        async (it: Shop) => {
          const held = await FileJournal.open(it.journal);
          it.atEnd(() => held.close());
        },
      ],
      ['no terminal and no journal', (it: Shop) => it.change({ terminal: undefined, journal: undefined })],
      ['no credentials', (it: Shop) => it.change({ appid: undefined, mch_id: undefined, key: undefined })],
      ['an odd key', (it: Shop) => it.change({ key: 'Short-Key-1' })],
      [
        'an unknown error of a reversal',
        (it: Shop) => {
          it.simulator.scenario = { reverse: 'SYSTEMERROR' };
        },
      ],
      [
        'a limit on calls',
        (it: Shop) => {
          it.simulator.scenario = { limited: ['reverse', 'orderquery', 'get_wxpayface_authinfo'], limit: 'unsigned' };
        },
      ],
      ['the sandbox', (it: Shop) => it.change({ sandbox: true })],
      [
        'a backup gateway',
        (it: Shop) => {
          const { pay, face } = it.simulator.client.endpoints ?? {};
          it.change({ endpoints: { pay, payBackup: 'https://127.0.0.1:9', face } });
        },
      ],
    ] as const)
      it(`speaks of ${title}`, async () => {
        await make(shop);
        await run(['doctor']);
      });
  });

  const ends = [
    { scenario: 'success', says: /^已支付/ },
    { scenario: 'not-enough', says: /^被拒绝/ },
    { scenario: 'user-cancel', says: /^已取消/ },
    { scenario: 'scan-payment', says: /^改用付款码/ },
    { scenario: 'userpaying-then-paid', says: /^已支付/ },
    { scenario: 'userpaying-forever', says: /^已撤销/ },
    { scenario: 'gateway-down', says: /^失败/ },
    { scenario: { payment: 'OUT_TRADE_NO_USED' }, says: /^需人工处理/ },
    { scenario: { reverse: 'REVERSE_EXPIRE', payment: 'SYSTEMERROR', query: 'silent' }, says: /./ },
  ];
  for (const { scenario, says } of ends.slice(0, 8))
    it(`tells how a payment ends: ${JSON.stringify(scenario)}`, async () => {
      shop.simulator.scenario = scenario;
      shop.change({ polling: { firstDelay: 50, interval: 50, timeout: 400 } });
      expect((await run(['pay', '1250'])).stdout).to.match(says);
    });
});
