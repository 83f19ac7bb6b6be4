import type * as wxpayFace from '../../lib/index.js';
import type { Words } from './languages.js';

type Exports = typeof wxpayFace;
type ErrorCode = wxpayFace.ErrorCode;

/** The exported classes whose errors may carry a code; the base, which may carry any, is none. */
type ClassOf<Code extends ErrorCode> = {
  [Name in keyof Exports]: Exports[Name] extends abstract new (
    ...given: never[]
  ) => { readonly code: infer Codes }
    ? [ErrorCode] extends [Codes]
      ? never
      : Code extends Codes
        ? Name
        : never
    : never;
}[keyof Exports];

interface Row<Code extends ErrorCode> {
  /** The class that carries the code. */
  readonly class: ClassOf<Code>;
  readonly meaning: Words;
  /** Whether a payment may have reached the gateway. */
  readonly sent: Words;
  readonly todo: Words;
}

const no: Words = { en: 'no', zh: '没有' };
const noPayment: Words = { en: 'no payment', zh: '没有支付' };
const unknown: Words = { en: 'unknown', zh: '未知' };
const notByThis: Words = { en: 'not by this call', zh: '这次调用没有' };

/** Every code of this package's errors, in the order of the guide. */
export const errorTable: { readonly [Code in ErrorCode]: Row<Code> } = {
  ERR_INVALID_PARAMETER: {
    class: 'InvalidParameterError',
    meaning: {
      en: '`parameter` breaks a rule of the vendor’s or of this package; `rule` says which',
      zh: '`parameter` 不符合微信或本包的规定，`rule` 写明是哪一条',
    },
    sent: no,
    todo: { en: 'correct the program or the configuration', zh: '改正程序或配置' },
  },
  ERR_INVALID_POLICY: {
    class: 'InvalidPolicyError',
    meaning: { en: '`field` of a policy is out of range', zh: '策略的 `field` 超出范围' },
    sent: no,
    todo: { en: 'correct the policy', zh: '改正策略' },
  },
  ERR_BUSY: {
    class: 'BusyError',
    meaning: { en: '`FacePay` is in the middle of another payment', zh: '`FacePay` 正在处理另一笔支付' },
    sent: no,
    todo: { en: 'wait for that one, or abort it', zh: '等它结束，或者中止它' },
  },
  ERR_ORDER_EXISTS: {
    class: 'OrderExistsError',
    meaning: {
      en: 'the journal knows this `out_trade_no`; or this `out_refund_no`, with another amount or sale',
      zh: '流水里已有这个 `out_trade_no`；或者已有这个 `out_refund_no`，但金额或交易不同',
    },
    sent: notByThis,
    todo: {
      en: 'another sale: take a new number; the same sale: `outcome()` tells how it ended',
      zh: '若是另一笔交易，换一个新号码；若是同一笔，用 `outcome()` 查结果',
    },
  },
  ERR_ORDER_UNKNOWN: {
    class: 'OrderUnknownError',
    meaning: { en: 'the journal doesn’t know the number', zh: '流水里没有这个号码' },
    sent: notByThis,
    todo: {
      en: 'compare the number; look whether it is this till’s journal',
      zh: '核对号码，并确认这是本收银机的流水',
    },
  },
  ERR_ORDER_FOREIGN: {
    class: 'OrderUnknownError',
    meaning: { en: 'the number is in the journal, but another merchant’s', zh: '流水里有这个号码，但属于另一个商户' },
    sent: notByThis,
    todo: { en: 'ask with that merchant’s client', zh: '用那个商户的 client 处理' },
  },
  ERR_ORDER_REFUNDED: {
    class: 'OrderUnknownError',
    meaning: {
      en: 'the sale was refunded, at least in part, and so can’t be given up as a whole',
      zh: '这笔交易已经退款（至少一部分），不能再整笔撤销',
    },
    sent: notByThis,
    todo: { en: 'refund what is left', zh: '把剩余部分退款' },
  },
  ERR_REFUND: {
    class: 'RefundRefusedError',
    meaning: {
      en: 'the refund can’t be: `rule` says why (not-paid, too-much, too-many, too-old, given-up)',
      zh: '不能退款：`rule` 说明原因（not-paid 未支付，too-much 超出金额，too-many 次数过多，too-old 超过一年，given-up 已撤销）',
    },
    sent: notByThis,
    todo: {
      en: 'show the sale’s refunds by `refunds()`; beyond a year give the money back by hand',
      zh: '用 `refunds()` 查看这笔交易的退款；超过一年的，人工退款',
    },
  },
  ERR_CLOSED: {
    class: 'ClosedError',
    meaning: { en: 'service, processor or journal was closed', zh: '服务、处理器或流水已关闭' },
    sent: { en: 'perhaps', zh: '可能' },
    todo: { en: 'ask `outcome()` after the restart', zh: '重启后查 `outcome()`' },
  },
  ERR_LIBRARY_LOAD: {
    class: 'LibraryLoadError',
    meaning: { en: 'the library could not be loaded', zh: '动态库无法加载' },
    sent: no,
    todo: { en: 'the message says it', zh: '错误文字写明怎么办' },
  },
  ERR_SERVICE_CALL: {
    class: 'ServiceCallError',
    meaning: {
      en: 'the library returned `returnValue`: −1 nobody listens, −3 and −4 broken off',
      zh: '动态库返回 `returnValue`：−1 无人监听，−3 和 −4 中途断开',
    },
    sent: noPayment,
    todo: { en: 'start or restart WxpayFaceService, as administrator', zh: '以管理员身份启动或重启 WxpayFaceService' },
  },
  ERR_SERVICE_RESPONSE: {
    class: 'ServiceResponseError',
    meaning: {
      en: 'the response can’t be read, or lacks a promised field',
      zh: '应答无法解析，或者缺少应有的字段',
    },
    sent: noPayment,
    todo: {
      en: 'restart WxpayFaceService; compare its version with the vendor’s page',
      zh: '重启 WxpayFaceService，并对照微信文档核对版本',
    },
  },
  ERR_SERVICE_COMMAND: {
    class: 'ServiceCommandError',
    meaning: { en: 'the service answered another `return_code`', zh: '刷脸服务返回了其他 `return_code`' },
    sent: noPayment,
    todo: {
      en: 'read `return_msg`; pay by scanning meanwhile',
      zh: '看 `return_msg`；在此期间改用扫码支付',
    },
  },
  ERR_HOST_PROCESS: {
    class: 'HostProcessError',
    meaning: { en: 'the host process ended or was silent', zh: '宿主进程退出或无应答' },
    sent: noPayment,
    todo: { en: 'try again: it is started for the next call', zh: '重试：下次调用时自动重新启动' },
  },
  ERR_JOURNAL: {
    class: 'JournalError',
    meaning: {
      en: 'the journal can’t be opened, read or written, or not in time',
      zh: '流水无法打开、读取或写入，或者超时',
    },
    sent: { en: 'only if the payment was already begun', zh: '仅当支付已经开始时' },
    todo: {
      en: 'look at the disk and its permissions; ask `outcome()` before anything is said to the customer',
      zh: '检查磁盘和权限；先查 `outcome()`，再答复顾客',
    },
  },
  ERR_JOURNAL_LOCKED: {
    class: 'JournalError',
    meaning: { en: 'another process has the journal open', zh: '流水被另一个进程打开' },
    sent: no,
    todo: { en: 'one journal, one process: end the other one', zh: '一份流水只给一个进程：结束另一个进程' },
  },
  ERR_JOURNAL_DAMAGED: {
    class: 'JournalError',
    meaning: { en: 'what was stored is no longer there, or not as it was', zh: '写入流水的内容缺失，或者已经不是原样' },
    sent: { en: 'what was unfinished may have been', zh: '未完成的支付可能已发送' },
    todo: {
      en: 'keep the folder, see [recovery](05-recovery.md#the-journal)',
      zh: '保留整个目录，见[崩溃后的恢复](05-recovery.md#流水)',
    },
  },
  ERR_JOURNAL_LOST: {
    class: 'JournalError',
    meaning: {
      en: 'of a journal that several processes share: another one has this record now',
      zh: '流水由多个进程共用：这条记录现在归另一个进程',
    },
    sent: { en: 'perhaps', zh: '可能' },
    todo: { en: 'leave it to that process; `outcome()` tells how it ended', zh: '交给那个进程；用 `outcome()` 查结果' },
  },
  ERR_PAY_TRANSPORT: {
    class: 'PayTransportError',
    meaning: { en: 'no usable response came', zh: '没有得到可用的应答' },
    sent: { en: '`sent` false: surely not', zh: '`sent` 为 false：肯定没有' },
    todo: {
      en: 'look at the network; `npx wxpay-face doctor` helps. An aborted call’s `cause` is the signal’s reason',
      zh: '检查网络，可用 `npx wxpay-face doctor`。被中止的调用，其 `cause` 是 signal 的 reason',
    },
  },
  ERR_PAY_RESPONSE: {
    class: 'PayResponseError',
    meaning: { en: 'the response is no XML of the expected shape', zh: '应答不是预期形式的 XML' },
    sent: unknown,
    todo: {
      en: 'query the order; look for a proxy in between, and at the certificate',
      zh: '查询订单；检查中间的代理和商户证书',
    },
  },
  ERR_PAY_SIGNATURE: {
    class: 'PaySignatureError',
    meaning: { en: 'the signature is missing or wrong', zh: '签名缺失或错误' },
    sent: unknown,
    todo: { en: 'query the order; compare the key', zh: '查询订单；核对密钥' },
  },
  ERR_PAY_MISMATCH: {
    class: 'PayMismatchError',
    meaning: {
      en: 'verified, but about another merchant, order or amount: `field`',
      zh: '验签通过，但说的是别的商户、订单或金额：见 `field`',
    },
    sent: unknown,
    todo: { en: 'query the order; believe nothing of this answer', zh: '查询订单；这个应答一概不采信' },
  },
  ERR_PAY_PROTOCOL: {
    class: 'PayProtocolError',
    meaning: {
      en: '`return_code` is not SUCCESS; unsigned, so it proves nothing',
      zh: '`return_code` 不是 SUCCESS；这种应答没有签名，什么也证明不了',
    },
    sent: unknown,
    todo: {
      en: 'read `return_msg`: mostly the key or the merchant’s number',
      zh: '看 `return_msg`：多半是密钥或商户号不对',
    },
  },
  ERR_BILL: {
    class: 'BillError',
    meaning: {
      en: 'the bill is cut off, malformed, no bill at all, or its rows don’t add up to its own sums',
      zh: '账单不完整、格式不对、根本不是账单，或者各行相加与汇总不符',
    },
    sent: noPayment,
    todo: {
      en: 'believe no row of it; fetch it again, and read the message if that fails too',
      zh: '这份账单一行也不采信；重新下载，再失败就看错误文字',
    },
  },
  ERR_BILL_MISSING: {
    class: 'BillError',
    meaning: {
      en: 'the gateway has no bill for that day: not yet, or nothing was sold',
      zh: '网关没有这一天的账单：尚未生成，或者当天没有交易',
    },
    sent: noPayment,
    todo: {
      en: 'ask after 10:00 Beijing time of the next day; bills are kept for three months',
      zh: '次日北京时间 10:00 以后再下载；账单保留三个月',
    },
  },
};

const heads: Readonly<Record<keyof Words, string>> = {
  en: '| `code` | Class | Meaning | Was something sent? | What to do |',
  zh: '| `code` | 类 | 含义 | 发送了吗？ | 怎么办 |',
};

/** The guide's table. */
export function errorRows(language: keyof Words): string {
  const rows = Object.entries(errorTable).map(([code, { class: name, meaning, sent, todo }]) => {
    const cells = [`\`${code}\``, `\`${name}\``, meaning[language], sent[language], todo[language]];
    return `| ${cells.join(' | ')} |`;
  });
  return [heads[language], '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}
