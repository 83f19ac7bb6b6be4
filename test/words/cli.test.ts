import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  BillError,
  BusyError,
  ClosedError,
  HostProcessError,
  InvalidParameterError,
  InvalidPolicyError,
  JournalError,
  LibraryLoadError,
  OrderExistsError,
  OrderUnknownError,
  PayMismatchError,
  PayProtocolError,
  PayResponseError,
  PaySignatureError,
  PayTransportError,
  RefundRefusedError,
  ServiceCallError,
  ServiceCommandError,
  ServiceResponseError,
} from 'wxpay-face';
import { sayingOf } from '../../lib/cli/errors.js';
import { languages } from '../../lib/words/cli/index.js';

const { en, zh } = languages;

/** The sentences of a table and of those in it; of functions the functions. */
const leaves = (words: object, path = ''): Array<[string, unknown]> =>
  Object.entries(words).flatMap(
    ([name, value]): Array<[string, unknown]> =>
      typeof value === 'object' ? leaves(value, `${path}${name}.`) : [[`${path}${name}`, value]],
  );

describe('the sentences of the command line', () => {
  it('are Chinese in Chinese', () => {
    for (const [path, sentence] of leaves(zh))
      if (typeof sentence === 'string') expect(sentence, path).to.match(/\p{Script=Han}/u);
  });

  it('have Chinese punctuation beside Chinese characters', () => {
    for (const [path, sentence] of leaves(zh))
      if (typeof sentence === 'string')
        expect(sentence, path).not.to.match(/\p{Script=Han}[,;:?!]|\p{Script=Han}\.(?!\w)/u);
  });

  it('differ within a table of kinds', () => {
    for (const words of [en, zh])
      for (const table of [
        words.reconcile.kinds,
        words.reconcile.meanings,
        words.payments.states,
        words.payments.steps,
      ])
        expect(new Set(Object.values(table)).size).to.equal(Object.keys(table).length);
  });
});

/** What arguments and configuration are held against. */
const checking = [
  ...['fields.ts', 'face/commands.ts', 'pay/parameters.ts', 'pay/options.ts', 'pay/certificate.ts', 'pay/limiter.ts'],
  ...['payment/order.ts', 'payment/refund/parameters.ts', 'payment/refund/adoption.ts', 'payment/decision/policies.ts'],
  ...['simulator/index.ts', 'simulator/scenario.ts'],
];

describe('an error on the command line', () => {
  const order = { out_trade_no: 'A1', out_refund_no: 'R1' };
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:443'), { code: 'ECONNREFUSED' });
  const system = (code: string, more: object = {}) => Object.assign(new Error(`${code}: words`), { code, ...more });
  const errors: ReadonlyArray<readonly [error: unknown, chinese: string]> = [
    [new InvalidParameterError('key', 'is required'), 'key：必须提供'],
    [
      new InvalidPolicyError('polling.interval', 'must be a number from 1 to 9, not 0'),
      'polling.interval：应为 1 到 9 之间的数字，不能是 0',
    ],
    [new InvalidParameterError('key', 'must sing'), 'key：不符合要求（must sing）'],
    [new BusyError('A1'), '正在处理另一笔支付'],
    [new OrderExistsError('A1'), '流水中已有商户订单号 A1：一个订单号只能用于一笔交易'],
    [new OrderExistsError('A1', 'R1'), '流水中已有商户退款单号 R1，但金额或交易不同'],
    [new OrderUnknownError('ERR_ORDER_UNKNOWN', 'x', { out_trade_no: 'A1' }), '没有商户订单号 A1 的交易'],
    [
      new OrderUnknownError('ERR_ORDER_UNKNOWN', 'x', { out_trade_no: '', out_refund_no: 'R1' }),
      '没有退款单号 R1 的退款',
    ],
    [new OrderUnknownError('ERR_ORDER_FOREIGN', 'x', order), 'A1 属于另一个商户，或使用另一套接口：请用相应的配置处理'],
    [new OrderUnknownError('ERR_ORDER_REFUNDED', 'x', order), 'A1 已有退款，不能再撤销：请退还余下的金额'],
    [new RefundRefusedError('too-old', 'A1', 'R1'), 'A1 不能退款（退款单号 R1）：这笔交易是一年以前支付的，不能再退款'],
    [new ClosedError('The journal'), '程序正在关闭'],
    [new LibraryLoadError('/x/a.so', 'odd', { systemCode: 7 }), '无法加载 /x/a.so：系统无法加载它（7）'],
    [
      new ServiceCallError('initWxpayface', -1),
      'initWxpayface：动态库返回 -1，刷脸服务没有运行：请以管理员身份启动 WxpayFaceService 程序',
    ],
    [new ServiceCallError('initWxpayface', -9), 'initWxpayface：动态库返回 -9'],
    [new ServiceResponseError('initWxpayface', 'is empty'), 'initWxpayface：刷脸服务的应答不完整或无法读取'],
    [new ServiceCommandError('initWxpayface', 'ERROR', '摄像头'), 'initWxpayface：刷脸服务返回 ERROR（摄像头）'],
    [new HostProcessError('ended'), '运行动态库的宿主进程已结束或没有应答'],
    [
      new JournalError("The journal in /x/y can't be written: EROFS: read-only", { cause: system('EROFS') }),
      '/x/y 的流水无法打开、读取或写入（EROFS）',
    ],
    [
      new JournalError('The journal in /x/y is open in another process', { code: 'ERR_JOURNAL_LOCKED' }),
      '/x/y 的流水已被另一个进程打开',
    ],
    [new JournalError('x', { code: 'ERR_JOURNAL_LOST' }), '这条记录现在由另一个进程处理'],
    [
      new PayTransportError('https://h.example: connect ECONNREFUSED; nothing was sent', false, {
        why: 'unreachable',
        cause: refused,
      }),
      '无法连接支付网关：请检查网络（https://h.example，连接被拒绝（ECONNREFUSED））；什么都没有发送',
    ],
    [
      new PayTransportError('https://h.example: no whole answer within 5 ms; whether it is unknown', true, {
        why: 'response-timeout',
      }),
      '支付网关没有及时应答（https://h.example）；支付网关是否收到请求尚不清楚',
    ],
    [
      new PayResponseError('orderquery was answered SYSTEMERROR 系统错误'),
      '支付网关的应答无法读取，或没有所需的内容（SYSTEMERROR，系统错误）',
    ],
    [new PaySignatureError('x'), '支付网关应答的签名不正确或缺失：请核对密钥'],
    [new PayMismatchError('total_fee', 'x'), '支付网关的应答与请求不符（total_fee）'],
    [new PayProtocolError('micropay', 'FAIL', '签名错误'), '支付网关返回 FAIL：签名错误'],
    [new BillError('ERR_BILL', 'The bill is not UTF-8'), '账单无法读取、不完整，或与合计不符'],
    [new BillError('ERR_BILL_MISSING', 'x'), '支付网关没有这一天的账单'],
    [system('EADDRINUSE', { port: 80 }), '地址或端口已被占用（端口 80，EADDRINUSE）'],
    [system('ENOENT', { path: '/x/y' }), '没有这个文件或目录（/x/y，ENOENT）'],
    [system('EODD'), '程序遇到意外的错误（EODD：EODD: words）'],
    [new TypeError('odd'), '程序遇到意外的错误（odd）'],
    ['odd', '程序遇到意外的错误（odd）'],
  ];
  for (const [error, chinese] of errors)
    it(`says ${chinese}`, () => {
      expect(sayingOf(error)(zh)).to.equal(chinese);
      expect(sayingOf(error)(en)).to.equal(error instanceof Error ? error.message : String(error));
    });

  it('may be a warning of the library, each of which is known', () => {
    const warnings = [
      'The PayClient of merchant 1 has no certificate: it can pay, but neither reverse nor refund',
      'The journal in /x is used; the one in /y is older, by 7 writes',
      '/x.dll: calls that do not come back were left behind, each with its thread; now 1.',
      'screen_index needs SDK 1.18, but /x.dll is 1.2: it may be ignored or refused',
    ];
    for (const warning of warnings) {
      expect(zh.errors.warning(warning))
        .to.match(/^警告：/)
        .and.not.include('程序提示');
      expect(en.errors.warning(warning)).to.equal(`warning: ${warning}`);
    }
    expect(zh.errors.warning('odd')).to.equal('警告：程序提示（odd）');
  });

  it('knows what is wrong with a damaged journal', () => {
    const damaged = (reason: string) =>
      new JournalError(`The journal in /x/y is damaged: ${reason}. Nothing was changed.`, {
        code: 'ERR_JOURNAL_DAMAGED',
      });
    const reasons = readFileSync(join('lib', 'journal', 'reading.ts'), 'utf8').matchAll(
      /(?:damaged|missing)\((?:'([^']+)'|`([^`]+)`)/g,
    );
    const sentences = [...reasons].map(([, plain, template = '']) => plain ?? template.replace(/\$\{[^}]+\}/g, '7'));
    expect(sentences).to.have.length.above(4);
    for (const reason of sentences)
      expect(sayingOf(damaged(reason))(zh), reason)
        .to.match(/^\/x\/y 的流水已损坏：/)
        .and.not.include('内容与写入时不一致');
  });

  it('knows every rule that arguments and configuration are held against', () => {
    const quoted = String.raw`'((?:[^'\\]|\\.)+)'|"((?:[^"\\]|\\.)+)"`;
    const rules = checking.flatMap((path) => {
      const text = readFileSync(join('lib', path), 'utf8');
      const thrown = new RegExp(
        String.raw`new Invalid(?:Parameter|Policy)Error\(\s*[^,()]+(?:\([^()]*\))?,\s*(?:${quoted})`,
        'g',
      );
      const listed = new RegExp(String.raw`\brule: (?:${quoted})`, 'g');
      return [...text.matchAll(thrown), ...text.matchAll(listed)].map(([, one, other]) => one ?? other ?? '');
    });
    expect(rules).to.have.length.above(30);
    const unknown = rules.filter((rule) => sayingOf(new InvalidParameterError('x', rule))(zh).includes('不符合要求'));
    expect(unknown).to.deep.equal([]);
  });
});
