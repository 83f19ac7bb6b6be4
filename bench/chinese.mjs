// docs/benchmarks.md in Chinese. What stands here in English is found on the page, `{}` for any number or version; what is
// not found here throws, so that no sentence of the page stays English.
const paragraphs = [
  ['`npm run bench:{}` makes this section.', '本节由 `npm run bench:{}` 生成。'],
  [
    'Node.js {}, {} × {}, koffi {}; {} rounds, median (ratios: with lowest and highest). A ratio below 1 means that wxpay-face is quicker.',
    'Node.js {}，{} × {}，koffi {}；{} 轮，取中位数（比值附最低和最高）。比值小于 1 表示 wxpay-face 更快。',
  ],
  [
    'The round trip of a request on a library that answers at once with the request itself, each way in a process of its own; the floor is the bare C call and two hand-overs between threads that sleep, one call at a time, without JavaScript. A call is below it if threads need not be woken: who asks again at once finds the thread still awake, and calls at once share their hand-overs.',
    '一个请求的往返：动态库立即把请求原样返回，每种做法各在自己的进程里。下限是单纯的 C 调用加上休眠线程之间的两次交接，一次一个调用，没有 JavaScript。不必唤醒线程时可以低于下限：紧接着再调用，线程还醒着；同时的多个调用共用交接。',
  ],
  [
    'A small file read while calls are blocked (libuv has four threads for files, names, koffi and AsyncWorker together):',
    '有调用阻塞时读一个小文件（libuv 只有四个线程，由文件、域名解析、koffi 和 AsyncWorker 共用）：',
  ],
  [
    'A call through FaceService, in this process and in a host process of its own:',
    '经过 FaceService 的调用，在本进程里和在单独的宿主进程里：',
  ],
  ['Memory:', '内存：'],
  [
    'Node.js {}, {} × {}; {} rounds, {} of whole sales and of the journal; median (with lowest and highest).',
    'Node.js {}，{} × {}；{} 轮，整笔支付和流水 {} 轮；取中位数（附最低和最高）。',
  ],
  [
    'A whole face payment on the simulator, service and gateway answering at once: the time of `FacePay.pay` beside that of its parts, which are its calls to face service and gateway, and a bare append and fdatasync for each of its writes, after the same pauses.',
    '在模拟器上的整笔刷脸支付，刷脸服务和网关立即应答：`FacePay.pay` 的时间，与它各部分的时间相比。各部分是它对刷脸服务和网关的调用，以及在同样的停顿之后，为每次写入做一次单纯的追加和 fdatasync。',
  ],
  [
    "A record written to the journal, one at a time, and {} at once, beside a bare append and fdatasync of the same bytes, after {} rounds that don't count:",
    '把一条记录写入流水，一次一条，以及同时 {} 条，与同样字节的单纯追加和 fdatasync 相比，前 {} 轮不计：',
  ],
  [
    'A journal of {} finished records, compacted and warm, is opened:',
    '打开一份有 {} 条已完成记录的流水，已整理过，并在缓存里：',
  ],
  ['Writes to the journal that wait for the disk:', '等待磁盘的流水写入：'],
  [
    '{} payments at once, each unknown, each queried every second, the third query saying SUCCESS:',
    '同时 {} 笔支付，每笔结果未知，每秒查询一次，第三次查询是 SUCCESS：',
  ],
  [
    "Processor time, of a process of its own for each row, in rounds that take turns. About a third of the processor's is V8's collector, which copies what belongs to each payment in flight: its run, its request, its place among those that pause, and the promises of whoever waits; a fifth is V8's compiler, since all of them come to each step at once. The rest is three records made and written, four answers held against the order, and the machine.",
    '处理器时间，每行各有自己的进程，轮流进行。PaymentProcessor 的时间大约三分之一是 V8 的垃圾回收，它要复制每笔进行中的支付所占的东西：运行、请求、等待的位置，以及等待者的 promise；五分之一是 V8 的编译，因为所有支付同时走到每一步。其余是生成并写入三条记录、用四个应答与订单核对，以及状态机。',
  ],
  [
    "Processor time, of a process of its own for each row, in rounds that take turns. About half of the processor's is V8's collector, which copies what belongs to each payment in flight: its run, its request, an abort signal, its place among those that pause, and the promises of whoever waits. The rest is three records made and written, four answers held against the order, and the machine.",
    '处理器时间，每行各有自己的进程，轮流进行。PaymentProcessor 的时间大约一半是 V8 的垃圾回收，它要复制每笔进行中的支付所占的东西：运行、请求、中止信号、等待的位置，以及等待者的 promise。其余是生成并写入三条记录、用四个应答与订单核对，以及状态机。',
  ],
  [
    "Node.js {}, {} × {}, wechatpay-axios-plugin {}, tenpay {}; {} rounds, median (ratios: with lowest and highest). A ratio below 1 means that wxpay-face is quicker or smaller. The call is an orderquery with HMAC-SHA256 over kept connections. Loading counts all of wxpay-face, the terminal's half included. The bare hash is the two HMACs over texts joined beforehand.",
    'Node.js {}，{} × {}，wechatpay-axios-plugin {}，tenpay {}；{} 轮，取中位数（比值附最低和最高）。比值小于 1 表示 wxpay-face 更快或更小。调用的是 orderquery，用 HMAC-SHA256 和长连接。加载的是整个 wxpay-face，包括终端那一半。单纯的哈希是对事先拼好的文本做两次 HMAC。',
  ],
  [
    "Node.js {}, {} × {}, wechatpay-axios-plugin {}, tenpay {}; {} rounds, median (ratios: with lowest and highest). A ratio below 1 means that wxpay-face is quicker or smaller. The microseconds are of processor time. The call is an orderquery with HMAC-SHA256 over kept connections; each client is a process of its own, and so is the server, whose time isn't counted. Loading counts all of wxpay-face, the terminal's half included. The bare hash is the two HMACs over texts joined beforehand.",
    'Node.js {}，{} × {}，wechatpay-axios-plugin {}，tenpay {}；{} 轮，取中位数（比值附最低和最高）。比值小于 1 表示 wxpay-face 更快或更小。微秒数是处理器时间。调用的是 orderquery，用 HMAC-SHA256 和长连接；每个客户端各有自己的进程，服务器也是，它的时间不计。加载的是整个 wxpay-face，包括终端那一半。单纯的哈希是对事先拼好的文本做两次 HMAC。',
  ],
  [
    'Node.js {}, {} × {}; {} rounds, median (ratios: with lowest and highest).',
    'Node.js {}，{} × {}；{} 轮，取中位数（比值附最低和最高）。',
  ],
  [
    "RSA is expensive: the first row is the signature of the request alone, which every client of API v3 has to make. The bare call is that and a request over kept connections, whose answer it reads as bytes; wxpay-face verifies the answer's signature as well. The microseconds are of processor time, of a process of its own for each row; the gateway's signatures aren't counted.",
    'RSA 很贵：第一行只是请求的签名，任何 API v3 客户端都要做。单纯的调用是这个签名加上长连接上的一次请求，应答只读成字节；wxpay-face 还要验证应答的签名。微秒数是处理器时间，每行各有自己的进程；网关的签名不计。',
  ],
  [
    'The whole call beside what it stands on: the bare request and got at its leanest send a message made beforehand, with the same headers, and read the answer as bytes.',
    '整个调用与它的基础相比：单纯的请求，以及最精简的 got，发送事先做好的消息，带同样的请求头，把应答读成字节。',
  ],
  [
    "Node.js {}, {} × {}, csv-parse {}; {} rounds, median (ratio: with lowest and highest; memory: the most that was seen). A ratio above 1 means that wxpay-face is quicker. A bill of {} rows of {} columns is made as it's read, which is the last line. csv-parse parts the text by commas and no more; the bill's reader finds columns by name, makes fen of amounts and adds them up.",
    'Node.js {}，{} × {}，csv-parse {}；{} 轮，取中位数（比值附最低和最高；内存取所见的最大值）。比值大于 1 表示 wxpay-face 更快。账单有 {} 行、{} 列，边生成边读取，即最后一行。csv-parse 只按逗号切分文本；本包的账单读取还按列名找列、把金额换算成分并相加。',
  ],
  [
    'Node.js {}, {} × {}, PostgreSQL {}; {} rounds of {} payments at {} tills, median (ratios: with lowest and highest). Servers, tills, gateway and database share the machine; the gateway answers at once.',
    'Node.js {}，{} × {}，PostgreSQL {}；{} 轮，每轮 {} 笔支付，{} 台收银机，取中位数（比值附最低和最高）。服务器、收银机、网关和数据库在同一台机器上；网关立即应答。',
  ],
  ["What a payment can't do without, by the leanest client at hand:", '一笔支付必不可少的部分，各用最精简的客户端：'],
  [
    "The same payment through servers, which also know tills by their tokens, hold orders against a schema, fence what they write, audit it and count. Commits are transactions that write, without those of leases and jobs; acknowledgements share them. A sale's milliseconds are those of sales that come at half the rate of the last column, which is that of tills without a pause, and no promise.",
    '同样的支付经过商户服务器：服务器还要凭令牌认出收银机、按模式核对订单、写入时防止两台服务器相争、记审计并计数。“提交”是有写入的事务，租约和后台任务的不计；多次确认合用一次提交。耗时（p50、p99）是支付以最后一列的一半速度到来时的；最后一列是收银机不停收款时的速度，只供参考，不是承诺。',
  ],
  [
    'A server starts before {} unfinished payments, with a limit of {} calls a second, while tills bring {} new payments a second for {} s. The last column is against a start without the others:',
    '服务器启动时有 {} 笔未完成的支付，每秒最多调用网关 {} 次，同时收银机每秒带来 {} 笔新支付，持续 {} 秒。最后一列与没有未完成支付时的启动相比：',
  ],
  [
    'The same tills at a server that others mean ill: a thousand connections that say nothing or send a letter at a time, wrong tokens, bodies of 10 MB. The last column is against the same server before they came:',
    '同样的收银机，服务器受到恶意请求：一千个连接或一言不发，或一次只发一个字母，还有错误的令牌和 10 MB 的请求体。最后一列与同一台服务器受攻击之前相比：',
  ],
];

const headings = [
  ['Benchmarks', '性能对比'],
  ['Native', '动态库调用'],
  ['Payments', '支付'],
  ['Payment client', '支付客户端'],
  ['API v3', 'API v3'],
  ['Bills', '账单'],
  ['Merchant server', '商户服务器'],
];

// Of two that fit, the first.
const cells = [
  ['round trip', '往返'],
  ['{} B, one at a time', '{} B，一次一个'],
  ['{} KB, one at a time', '{} KB，一次一个'],
  ['{} B, {} at once', '{} B，同时 {} 个'],
  ['{} KB, {} at once', '{} KB，同时 {} 个'],
  ['÷ floor', '÷ 下限'],
  ['{} calls of {} ms in flight', '{} 个 {} 毫秒的调用进行中'],
  ['added µs', '增加，微秒'],
  ['a small command', '一个小命令'],
  ['an idle FaceService', '空闲的 FaceService'],
  ['KB in the process', '进程里的 KB'],
  ['KB private in its host process', '宿主进程独占的 KB'],
  ['FacePay.pay with', 'FacePay.pay，流水为'],
  ['whole ms', '整笔，毫秒'],
  ['calls ms', '调用，毫秒'],
  ['bare writes ms', '单纯写入，毫秒'],
  ['added ms', '增加，毫秒'],
  ['whole ÷ parts', '整笔 ÷ 各部分'],
  ['one write ms', '写一次，毫秒'],
  ['{} at once ms', '同时 {} 次，毫秒'],
  ['÷ bare', '÷ 单纯写入'],
  ['bare', '单纯写入'],
  ['read and digested ms', '读取并求摘要，毫秒'],
  ['opened ms', '打开，毫秒'],
  ['a payment that is', '支付的结局'],
  ['synchronous writes, with the acknowledgement', '同步写入次数，含确认'],
  ['paid at once', '立即支付成功'],
  ['unknown, then paid', '未知，然后已支付'],
  ['declined', '被拒绝'],
  ['unknown, then reversed', '未知，然后已撤销'],
  ['payments per second of processor time', '每秒处理器时间的支付数'],
  ['KB of heap per payment in flight', '每笔进行中的支付占用堆的 KB'],
  ['processor time ÷ bare loop', '处理器时间 ÷ 单纯循环'],
  ['bare loop', '单纯循环'],
  ['PaymentProcessor, {}', 'PaymentProcessor，{}'],
  ['sign + build, parse + verify, µs', '签名与生成、解析与验签，微秒'],
  ['a whole call, one at a time, µs', '整个调用，一次一个，微秒'],
  ['a whole call, {} at once, µs each', '整个调用，同时 {} 个，每个微秒'],
  ['`import`, ms', '`import`，毫秒'],
  ['`import`, MiB', '`import`，MiB'],
  ['`require`, ms', '`require`，毫秒'],
  ['`require`, MiB', '`require`，MiB'],
  ['÷ bare hash', '÷ 单纯的哈希'],
  ['one at a time, µs', '一次一个，微秒'],
  ['{} at once, µs each', '同时 {} 个，每个微秒'],
  ['bare `node:https`', '单纯的 `node:https`'],
  ['`crypto.sign`', '`crypto.sign`'],
  ['`crypto.sign` + `node:https`', '`crypto.sign` 加 `node:https`'],
  ['wxpay-face by API v3', 'wxpay-face（API v3）'],
  ['÷ bare call', '÷ 单纯的调用'],
  ['rows a second', '每秒行数'],
  ['heap above the start, MiB', '堆比开始时多，MiB'],
  ['process above the start, MiB', '进程比开始时多，MiB'],
  ['no reader', '不读取'],
  ['a part of a payment', '支付的组成部分'],
  ['processor time, ms', '处理器时间，毫秒'],
  ['one HTTPS call to the gateway', '对网关的一次 HTTPS 调用'],
  ['two commits', '两次提交'],
  ['one HTTP request', '一次 HTTP 请求'],
  ['all of them', '合计'],
  ['servers', '服务器台数'],
  ['÷ parts', '÷ 各部分'],
  ['commits a payment', '每笔支付的提交次数'],
  ['commits an acknowledgement', '每次确认的提交次数'],
  ['p99 of new payments, ms', '新支付的 p99，毫秒'],
  ['p99 of good tills, ms', '正常收银机的 p99，毫秒'],
  ['{}, ms', '{}，毫秒'],
  ['payments a second', '每秒支付数'],
  ['first settled after, s', '首笔有结果，秒'],
  ['settled', '已有结果的笔数'],
  ['most memory, MiB', '内存最多，MiB'],
  ['most calls in a second', '一秒内最多调用次数'],
  ['a second, of the busiest ten', '最忙十秒的每秒调用次数'],
  ['÷ without', '÷ 没有时'],
  ['{} ms', '{}，毫秒'],
  ['{} µs', '{}，微秒'],
];

/** Names of programs and classes are the same in both languages. */
const isSame = (cell) =>
  /^(?:[\d\s.,×÷()–-]*|(?:÷ )?(?:wxpay-face|koffi|AsyncWorker|FaceService\.call|fs\.readFile|in-process|host-process|MemoryJournal|FileJournal|LevelDB|wechatpay-axios-plugin|axios-plugin|tenpay|csv-parse|got))$/.test(
    cell,
  );

const special = /[.*+?^${}()|[\]\\]/g;

function translate(table, text) {
  for (const [english, chinese] of table) {
    const pattern = english.replaceAll('{}', '\0').replace(special, '\\$&').replaceAll('\0', '(.+?)');
    const found = new RegExp(`^${pattern}$`).exec(text);
    if (found === null) continue;
    let place = 0;
    return chinese.replaceAll('{}', () => found[++place]);
  }
  throw new Error(`bench/chinese.mjs has no Chinese for: ${text}`);
}

/** A block of the page: a heading, a mark, a table or a paragraph. */
function block(text) {
  const heading = /^(#+ )(.*)$/.exec(text);
  if (heading) return heading[1] + translate(headings, heading[2]);
  if (!text.startsWith('|')) return translate(paragraphs, text.replaceAll('\n', ' '));
  const cell = (words) => (isSame(words) ? words.replace(/ \((.*)\)/, '（$1）') : translate(cells, words));
  return text
    .split('\n')
    .map((line) => `| ${line.slice(2, -2).split(' | ').map(cell).join(' | ')} |`)
    .join('\n');
}

/** The page in Chinese, with the same numbers. */
export const inChinese = (page) =>
  page
    .trimEnd()
    .split(/(\n*<!-- .*? -->\n*|\n\n)/)
    .map((part, index) => (index % 2 === 1 || part === '' ? part : block(part)))
    .join('')
    .concat('\n');
