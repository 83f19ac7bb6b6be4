import type { help as English } from '../en/help.js';
import { translated } from './translated.js';

const quoted = (words: readonly string[]): string => words.map((word) => `“${word}”`).join('、');

/** Commander's sentences, which it has in English only. */
const wrongUsages = [
  [/^error: unknown command '(.*)'$/s, (name) => `没有“${name}”这个命令。`],
  [/^error: unknown option '(.*)'$/s, (name) => `没有“${name}”这个选项。`],
  [/^error: missing required argument '(.*)'$/s, (name) => `缺少必填参数 ${name}。`],
  [/^error: option '(.*)' argument missing$/s, (option) => `选项 ${option} 缺少取值。`],
  [
    /^error: option '(.*?)' argument '(.*)' is invalid\. Allowed choices are (.*)\.$/s,
    (option, value, choices) => `选项 ${option} 不能取“${value}”，可选值：${choices.replaceAll(', ', '、')}。`,
  ],
  [
    /^error: option '(.*?)' argument '(.*)' is invalid\. (.*)$/s,
    (option, value, why) => `选项 ${option} 的值“${value}”不正确：${why}`,
  ],
  [
    /^error: command-argument value '(.*)' is invalid for argument '(.*)'\. (.*)$/s,
    (value, name, why) => `参数 ${name} 的值“${value}”不正确：${why}`,
  ],
  [
    /^error: too many arguments(?: for '(.*)')?\. Expected (\d+) arguments? but got (\d+)\.$/s,
    (name, expected, got) => `${name === '' ? '' : `命令 ${name} 的`}参数过多：应有 ${expected} 个，实际有 ${got} 个。`,
  ],
] as const satisfies Parameters<typeof translated>[0];

/** "Did you mean …?", which may follow. */
const suggestion = /\n\(Did you mean (?:one of )?(.*)\?\)$/;

export const help: typeof English = {
  program: '微信刷脸支付：收银机的命令行工具',
  usage: (line) => `用法：${line}`,
  arguments: '参数：',
  options: '选项：',
  commands: '命令：',
  anyOptions: '[选项]',
  anyCommand: '[命令]',
  ofHelp: '显示命令的帮助',
  ofVersion: '显示版本号',
  choices: (words) => `可选值：${words.join('、')}`,
  byDefault: (value) => `默认：${value}`,
  explained: (says, more) => (more.length === 0 ? says : `${says}（${more.join('；')}）`),
  afterError: '（加上 --help 可查看详细说明）',
  credentials: '密钥等凭证只从配置文件或以 WXPAY_FACE_ 开头的环境变量读取，绝不从命令行参数读取。',
  exitCodes: '退出码：',
  exits: {
    done: '按要求完成：已支付、已撤销、已退款、检查全部通过、每一分钱都对得上',
    failed: '未完成：被拒绝、已取消、退款被拒绝、未支付、没有该订单、检查未通过、无法连接',
    usage: '参数或配置有误；什么都没有发送',
    attention: '某笔支付、退款或差异需要人工处理；会给出原因',
    unfinished: '尚未结束；请再查询，或用“wxpay-face journal recover”继续处理',
    interrupted: '被第二次 Ctrl-C 立即结束',
  },
  says: {
    demo: '在模拟器前完成整笔刷脸支付，经过每个真实部件',
    simulate: '扮演摄像头、顾客和支付网关，附带操作网页，直到按下 Ctrl-C',
    doctor: '查明收银机为什么付不了款；不动钱',
    pay: '完成一笔支付，刷脸或扫付款码，直到有最终结果',
    query: '向支付网关查询订单；只有已支付时退出码才是 0',
    reverse: '撤销一笔订单，最近 7 天内已支付的也可以：钱会退回',
    refund: '把已支付的交易全部或部分退款：钱会退回',
    refunds: '显示一笔交易的退款，包括流水和支付网关各自所知的',
    reconcile: '用支付网关某一天的账单核对支付流水；只有每一分钱都对得上时退出码才是 0',
    journal: '查看支付流水，并完成尚未完成的支付和退款',
    list: '列出流水中的支付和退款，最早变动的在前',
    show: '显示流水中一笔支付或一笔退款的全部内容',
    check: '检查流水是否与写入时一致、哪些内容可读；收银程序运行时也可以使用',
    salvage: '把损坏的流水中可读的部分写到新目录；损坏的流水保持原样',
    recover: '把每笔未完成的支付处理到结束，继续处理退款，并告知还没有人处理过的结果',
  },
  more: {
    doctor: `会短暂占用摄像头；如果流水已被锁定，说明收银程序正在运行，这时绝不碰摄像头和刷脸服务。
流水在商户服务器上的收银机没有这个标志，请先关闭收银程序。`,
    reverse: `流水中有的交易，通过流水撤销：撤销的决定不会因程序崩溃而丢失，之后到达的支付也不会成功，收银程序会得知结果。
其他订单直接在支付网关撤销，直到查询确认为止。`,
    refund: `退款在发出之前先写入流水，流水中没有的交易也一样（需要 --total）。重复同一条命令，要求的是同一笔退款，
直到它有了结果并已告知：按过 Ctrl-C 之后也一样，钱只退一次。支付网关受理退款并不是结束：
用“wxpay-face refunds”查看进展，用“wxpay-face journal recover”继续处理。`,
    reconcile: `不做任何修改；收银程序运行时也可以读取流水。支付网关在北京时间 10:00 之后提供前一天的账单，账单保留三个月。`,
  },
  takes: {
    json: '在标准输出上输出 JSON，每行一个文档，最后一个的类型是 result 或 error',
    lang: '除 --json 之外所有输出的语言；默认为系统语言',
    config: '配置文件（JSON）；默认为 WXPAY_FACE_CONFIG 指定的文件，否则为 ./wxpay-face.json',
    journal: '支付流水的目录，代替配置中的目录',
    rail: '这笔支付使用两套接口中的哪一套',
    yes: '不再询问确认',
    outTradeNo: '这笔交易的商户订单号',
    transactionId: '改用微信支付订单号',
    totalFee: '金额，单位为分：1250 表示 ¥12.50',
    newNumber: '这笔交易的商户订单号；默认生成新的订单号',
    body: '商品描述，顾客会看到',
    authCodeStdin: '不刷脸，改用顾客的付款码：从标准输入读取一行',
    screenIndex: '顾客屏幕的序号，从 1（主屏幕）开始',
    refundedSale: '这笔交易的商户订单号或微信支付订单号',
    refundFee: '退款金额，单位为分：1250 表示 ¥12.50',
    outRefundNo: '这笔退款的商户退款单号；默认为 R1-…、R2-…',
    total: '交易的总金额，流水中没有这笔交易时需要；会先向支付网关核实',
    day: '不填表示昨天（yesterday），或写成 yyyy-mm-dd；按北京时间',
    file: '使用磁盘上的账单（压缩与否均可），代替支付网关的账单',
    output: '以 CSV 或 JSON 输出差异：在标准输出上代替表格，或写入以此结尾的文件',
    subMchId: '服务商模式：子商户号；默认为配置中的子商户号',
    kind: '只列出支付，或只列出退款',
    unfinished: '只列出尚未结束的',
    unacknowledged: '只列出结果还没有被收银程序处理的',
    number: '商户订单号，或商户退款单号',
    newFolder: '新目录',
    acknowledge: '这里告知的结果视为已处理：收银程序不会再得知',
    port: '支付网关的端口；默认为任一空闲端口',
    pipe: '模拟的刷脸服务（WxpayFaceService）的监听地址',
    scenario: '顾客和支付网关最初的表现（情景名称）',
    noOpen: '不在浏览器中打开网页',
    writeConfig: '写一份供其他命令使用的配置；结束时删除',
  },
  wrongUsage: (said) => {
    const text = said.trimEnd();
    const meant = suggestion.exec(text)?.[1];
    const problem = translated(wrongUsages, text.replace(suggestion, ''), (rest) => `用法有误：${rest}`);
    const hint = meant === undefined ? '' : `\n（是不是想用${quoted(meant.split(', '))}？）`;
    return `错误：${problem}${hint}\n`;
  },
};
