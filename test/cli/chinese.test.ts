import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FileJournal, PayClient } from 'wxpay-face';
import { billDateOf } from '../../lib/bill/day.js';
import type { Ended, Options } from '../support/command.js';
import { interruptible, skip } from '../support/skip.js';
import { day, faults } from './doctor-faults.js';
import { openShop, type Shop } from './shop.js';

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
  const scan = (out_trade_no: string, ...more: string[]) =>
    run(['pay', '1250', '--auth-code-stdin', '--out-trade-no', out_trade_no, ...more], { input: `${code()}\n` });
  async function paidElsewhere(out_trade_no: string): Promise<string> {
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

  it('shows its version, and help of a command by its name', async () => {
    expect((await run(['--version'])).stdout).to.match(/^\d+\.\d+\.\d+\n$/);
    expect((await run(['help', 'journal'])).stdout).to.match(/^用法：wxpay-face journal/);
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
    // A socket's path that is too long; to Windows the name of no pipe.
    [['simulate', '--no-open', '--pipe', 'x'.repeat(300)], /pipe：(?:最多 \d+ 个字节|应以 \\\\\.\\pipe\\ 开头)/],
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
    if (process.platform === 'win32') return skip(this, 'Windows has no such permissions');
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
  ];
  for (const { scenario, says } of ends)
    it(`tells how a payment ends: ${JSON.stringify(scenario)}`, async () => {
      shop.simulator.scenario = scenario;
      shop.change({ polling: { firstDelay: 50, interval: 50, timeout: 400 } });
      const { stdout, stderr } = await run(['pay', '1250']);
      expect(stdout).to.match(says);
      expect(stderr).to.match(/^ {2}收银机 {4}准备摄像头（initWxpayface）$/m);
    });

  it('tells what keeps a payment from beginning', async () => {
    expect((await run(['pay', '1', '--auth-code-stdin'], { input: '4711' })).stderr).to.match(/付款码/);
    await scan('N1');
    expect((await scan('N1')).stderr).to.match(/流水中已有商户订单号 N1/);
    const held = await FileJournal.open(shop.journal);
    expect((await scan('L1')).stderr).to.match(/till\.journal 的流水已被另一个进程打开/);
    await held.close();
    shop.simulator.scenario = 'service-down';
    expect((await run(['pay', '1'])).stderr).to.match(/刷脸服务没有运行/);
    shop.change({ library: join(shop.folder, 'nothing.so') });
    expect((await run(['pay', '1'])).stderr).to.match(/无法加载 .*nothing\.so：没有这个文件/);
    shop.change({ terminal: undefined });
    expect((await run(['pay', '1'])).stderr).to.match(/必须配置终端 terminal/);
    writeFileSync(join(shop.journal, 'journal.log'), 'nonsense');
    expect((await run(['pay', '1'])).stderr).to.match(/的流水已损坏/);
  });

  interruptible('says what Ctrl-C does, the first and the second', async () => {
    shop.simulator.scenario = 'userpaying-forever';
    shop.change({ reversal: { notBefore: 60_000, settleAfter: 70_000 } });
    const command = shop.start(
      ['pay', '1250', '--auth-code-stdin', '--out-trade-no', 'C1'],
      options({ input: `${code()}\n` }),
    );
    await command.says('顾客正在输入密码');
    command.interrupt();
    await command.says('再按一次 Ctrl-C 立即结束');
    await command.says('撤销');
    command.interrupt();
    const ended = await command.ended();
    expect(ended.code).to.equal(130);
    expectChinese(ended);
    expect((await run(['journal', 'list', '--unfinished'])).stdout).to.match(/撤销中 {10}¥12\.50 {2}C1 {2}未完成/);
    shop.change({ reversal: { notBefore: 50, settleAfter: 10_500 } });
    const recovered = await run(['journal', 'recover', '--acknowledge']);
    expect(recovered.stdout).to.match(/^已撤销 {3} C1：.*\n已告知 1 笔，需人工处理 0 笔，未完成 0 笔\n$/);
  });

  it('queries', async () => {
    await scan('Q1');
    const { stdout } = await run(['query', 'Q1']);
    const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d`;
    expect(stdout).to.match(
      new RegExp(`^Q1：已支付（SUCCESS）.*，¥12\\.50，微信支付订单号 \\d{28}，支付时间 ${time}\n$`),
    );
    expect((await run(['query', 'Q2'])).stdout).to.match(/^Q2：没有这笔订单（ORDERNOTEXIST）/);
    shop.simulator.scenario = 'gateway-down';
    expect((await run(['query', 'Q1'])).stderr).to.match(/支付网关.*尚不清楚|什么都没有发送/);
    shop.simulator.scenario = 'success';
    const hidden = 'fedcba9876543210fedcba9876543210';
    const wrong = await run(['query', 'Q1'], { env: { WXPAY_FACE_KEY: hidden }, hidden: [hidden] });
    expect(wrong.stderr).to.match(/支付网关返回 FAIL：签名错误/);
  });

  it('reverses', async () => {
    await scan('R1');
    expect((await run(['reverse', 'R1', '--yes'])).stdout).to.match(
      /^已撤销 {3} R1：这笔支付已放弃；没有扣款，或已退回\n$/,
    );
    await paidElsewhere('R2');
    expect((await run(['reverse', 'R2', '--yes'])).stdout).to.match(/^已撤销/);
    expect((await run(['reverse', 'R2', '--yes'])).stdout).to.equal('R2：已撤销（REVOKED），这笔订单已经撤销\n');
    expect((await run(['reverse', 'R3', '--yes'])).stdout).to.match(/支付网关没有这笔订单/);
  });

  it('says why an order is not reversed', async () => {
    await paidElsewhere('R4');
    shop.simulator.scenario = { reverse: 'REVERSE_EXPIRE' };
    expect((await run(['reverse', 'R4', '--yes'])).stdout).to.match(/^需人工处理 R4：支付网关已不能撤销/);
    shop.simulator.scenario = 'success';
    await paidElsewhere('R5');
    shop.change({ certificate: undefined });
    const { stderr } = await run(['reverse', 'R5', '--yes']);
    expect(stderr).to.match(/警告：没有商户证书[\s\S]*撤销需要商户证书/);
  });

  interruptible('says that a reversal goes on', async () => {
    await paidElsewhere('R6');
    shop.simulator.scenario = { loseRequest: ['reverse'] };
    const command = shop.start(['reverse', 'R6', '--yes'], options({ input: '' }));
    await command.says('支付网关没有应答');
    command.interrupt();
    const ended = await command.ended();
    expect(ended.stdout).to.match(/^未完成 R6：撤销时被中断；是否已撤销尚不清楚/);
    expectChinese(ended);
  });

  const play = (settings: object): void => {
    shop.simulator.scenario = { latency: 0, ...settings };
  };

  it('refunds, and lists refunds', async () => {
    play({ refundInterval: 0 });
    await scan('A1');
    expect((await run(['refunds', 'A1'])).stdout).to.equal('A1 没有退款\n');
    const { stdout } = await run(['refund', 'A1', '400', '--yes']);
    expect(stdout).to.match(/^已退款 {3} R1-A1（交易 A1）：¥4\.00；微信支付退款单号 \d+/);
    const client = new PayClient(shop.simulator.client);
    await client.refund({ out_trade_no: 'A1', out_refund_no: 'SITE-1', total_fee: 1250, refund_fee: 50 });
    client.close();
    expect((await run(['refunds', 'A1'])).stdout).to.match(
      /支付网关显示：退款成功（SUCCESS）\n他处退款 SITE-1（交易 A1）：¥0\.50；/,
    );
    expect((await run(['journal', 'list', '--kind', 'refund'])).stdout).to.match(
      /已退款 {11}¥4\.00 {2}R1-A1（交易 A1）/,
    );
    await run(['journal', 'show', 'R1-A1']);
    shop.simulator.scenario = 'gateway-down';
    expect((await run(['refunds', 'A1'])).stderr).to.match(/无法询问支付网关：/);
  });

  it('says why a sale is not refunded', async () => {
    play({ refundInterval: 0 });
    await scan('A1');
    await run(['refund', 'A1', '400', '--yes']);
    expect((await run(['refund', 'A1', '9999', '--yes'])).stderr).to.match(/会超过已支付的金额/);
    expect((await run(['refund', 'X1', '1', '--yes'])).stderr).to.match(/流水中没有 X1：请用 --total/);
    expect((await run(['refunds', '--transaction-id', '4'.repeat(28)])).stderr).to.match(/流水和支付网关都没有 4+/);
    expect((await run(['reverse', 'A1', '--yes'])).stderr).to.match(/已有退款，不能再撤销/);
    await paidElsewhere('X2');
    const wrong = await run(['refund', 'X2', '1', '--total', '900', '--yes']);
    expect(wrong.stderr).to.match(/total_fee：与支付网关显示的 X2 的总金额不符/);
  });

  for (const scenario of [
    ...['refund-pending', 'refund-empty-balance', 'refund-closed', 'refund-by-hand', 'refund-account-abnormal'],
  ])
    it(`tells how a refund ends: ${scenario}`, async () => {
      await scan('A1');
      play({ scenario });
      await run(['refund', 'A1', '400', '--yes']);
      await run(['refunds', 'A1']);
      await run(['journal', 'recover']);
      // A refund that is under way is waited for, for a while.
    }).timeout(60_000);

  interruptible('says that two refunds are a minute apart', async () => {
    await scan('A1');
    await run(['refund', 'A1', '400', '--yes']);
    const second = shop.start(['refund', 'A1', '400', '--yes'], options({ input: '' }));
    await second.says('须间隔一分钟');
    second.interrupt();
    const ended = await second.ended();
    expect(ended.stdout).to.match(
      /^退款处理中 R2-A1（交易 A1）：¥4\.00；支付网关尚未应答；用“wxpay-face journal recover”/,
    );
    expectChinese(ended);
  });

  describe('a question', () => {
    /** Makes stdin a terminal for the program. */
    const asTerminal = (): Record<string, string> => {
      const file = join(shop.folder, 'terminal.cjs');
      writeFileSync(file, "Object.defineProperty(process.stdin, 'isTTY', { value: true });\n");
      return { NODE_OPTIONS: `--require ${JSON.stringify(file)}` };
    };
    const answers = [
      ['y', true],
      ['Y', true],
      ['yes', true],
      ['是', true],
      ['n', false],
      ['否', false],
      ['', false],
      ['不是', false],
    ] as const;
    for (const lang of ['zh', 'en'])
      for (const [answer, isYes] of answers)
        it(`is answered with ${isYes ? 'yes' : 'no'} by "${answer}" (${lang})`, async () => {
          await scan('R1');
          const env = { ...asTerminal(), LANG: 'C' };
          const ended = await shop.run(['reverse', 'R1', '--lang', lang], { env, input: `${answer}\n` });
          expect(ended.code).to.equal(isYes ? 0 : 1);
          if (lang === 'en') {
            expect(ended.stderr).to.match(/Reverse R1 \(paid in the journal; at the gateway: SUCCESS.*\)\? \[y\/N\] /);
            return;
          }
          expect(ended.stderr).to.match(
            /确认撤销 R1 吗（流水中：已支付；支付网关：已支付（SUCCESS）.*）？ \[是\(y\)\/否\(N\)\] /,
          );
          if (!isYes) expect(ended.stdout).to.equal('R1：保持不变，没有得到确认\n');
        });

    it('asks before it gives money back', async () => {
      await scan('R1');
      const ended = await shop.run(['refund', 'R1', '400'], options({ env: asTerminal(), input: '否\n' }));
      expect(ended.stderr).to.include('确认退款 ¥4.00 吗（交易 R1，共 ¥12.50，退款单号 R1-R1）？');
      expect(ended.stdout).to.equal('R1：保持不变，没有得到确认\n');
    });
  });

  it('looks at the journal', async () => {
    for (const number of ['J1', 'J2', 'J3']) await scan(number);
    expect((await run(['journal', 'list'])).stdout).to.match(
      /^\S+ \S+ [+-]\d\d:\d\d {2}已支付 {10}¥12\.50 {2}J1 {2}已处理\n/,
    );
    expect((await run(['journal', 'list', '--unfinished'])).stdout).to.equal('没有支付\n');
    expect((await run(['journal', 'list', '--kind', 'refund'])).stdout).to.equal('没有退款\n');
    const shown = (await run(['journal', 'show', 'J1'])).stdout;
    expect(shown).to.match(/^ {2}微信支付订单号 data\.\S+\.transaction_id：\d{28}$/m);
    expect(shown).to.match(/openid：\*\*\*$/m);
    expect((await run(['journal', 'show', 'J9'])).stdout).to.equal('流水中没有 J9\n');
    expect((await run(['journal', 'check'])).stdout).to.match(/：与写入时一致，共 3 条记录\n/);
    const path = join(shop.journal, 'journal.log');
    const bytes = readFileSync(path);
    bytes.write('X', bytes.indexOf('"J2"') + 40);
    writeFileSync(path, bytes);
    expect((await run(['journal', 'check'])).stdout).to.match(
      /已损坏：流水文件第 \d+ 行（第 \d+ 字节处）与写入时不一致；有 3 条记录可读\n/,
    );
    expect((await run(['journal', 'list'])).stderr).to.match(/的流水已损坏：流水文件第 \d+ 行/);
    expect((await run(['journal', 'salvage', 'salvaged'])).stdout).to.match(/可读的记录已写入 .*salvaged。/);
    expect((await run(['journal', 'salvage', 'salvaged'])).stderr).to.match(/目录不是空的/);
  });

  it('plays the simulator', async () => {
    const args = ['simulate', '--no-open', '--write-config', 'other.json'];
    const simulate = shop.start(args, options());
    await simulate.says('按 Ctrl-C 结束');
    const taken = /^支付网关 {2}https:\/\/127\.0\.0\.1:(\d+)/m.exec(simulate.stdout)?.[1] ?? '';
    expect((await run(['simulate', '--no-open', '--port', taken])).stderr).to.match(
      /地址或端口已被占用（端口 \d+，EADDRINUSE）/,
    );
    simulate.interrupt();
    expectChinese(await simulate.ended());
    writeFileSync(shop.config, '{}');
    expect((await run(['simulate', '--no-open', '--write-config', 'till.json'])).stderr).to.match(/它不是模拟器写的/);
  });

  it('demonstrates', async () => {
    const { stdout, code: exit } = await run(['demo']);
    expect(stdout).to.match(/\n所有结果都与支付网关的账本一致。\n$/);
    expect(exit).to.equal(0);
  }).timeout(60_000);
});

describe('wxpay-face reconcile in Chinese', () => {
  let shop: Shop;
  beforeEach(async () => {
    shop = await openShop({ clock: -day });
  });
  afterEach(() => shop.close());

  async function run(args: readonly string[], input = ''): Promise<Ended> {
    const ended = await shop.run(args, { env: chinese, input });
    expectChinese(ended);
    return ended;
  }
  const dashed = billDateOf(Date.now() - day).replace(/(....)(..)(..)/, '$1-$2-$3');

  it('shows every difference in a table, whose columns are straight', async () => {
    await run(['pay', '1250', '--auth-code-stdin', '--out-trade-no', 'A1'], '134567890123400001\n');
    const client = new PayClient(shop.simulator.client);
    await client.micropay({ out_trade_no: 'X1', total_fee: 800, body: '茶', auth_code: '134567890123400002' });
    client.close();
    shop.simulator.scenario = { clock: 0, bill: 'none', latency: 0 };
    expect((await run(['reconcile'])).stderr).to.match(/支付网关还没有 \S+ 的账单/);
    expect((await run(['reconcile', '2024-11-23'])).stdout).to.equal(
      '2024-11-23：每一分钱都对得上，支付网关没有这一天的账单\n',
    );
    shop.simulator.scenario = { clock: 0, bill: 'early', latency: 0 };
    const { stdout, stderr } = await run(['reconcile']);
    expect(stderr).to.equal(`正在下载 ${dashed} 的账单\n`);
    const [head = '', row = '', ...rest] = stdout.trimEnd().split('\n');
    expect(head).to.equal('差异                      流水          账单  交易、退款、状态');
    expect(row).to.equal('流水中没有                   –         ¥8.00  X1  SUCCESS');
    expect(rest).to.deep.equal([
      `${dashed}：有 1 处差异，账单共 2 行`,
      '  流水中没有：不是这份流水中的交易：可能来自其他收银机或其他渠道，或者流水曾经丢失',
    ]);
    expect((await run(['reconcile', '--output', 'table'])).stderr).to.match(/--output 应为 csv、json/);
    expect((await run(['reconcile', '--output', shop.config])).stderr).to.match(/已经存在/);
    expect((await run(['reconcile', '--file', 'nowhere.csv'])).stderr).to.match(/没有这个账单文件/);
    writeFileSync(join(shop.folder, 'bill.csv'), 'nonsense');
    expect((await run(['reconcile', '--file', 'bill.csv'])).stderr).to.match(/账单无法读取/);
  });
});
