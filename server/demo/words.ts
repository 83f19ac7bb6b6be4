/* What the demonstration says. */

export type Language = 'zh' | 'en';

const english = {
  starting: 'Starting PostgreSQL, a payment gateway (simulated, over TLS), and two servers …',
  failedToStart: (what: string) => `It can't start here: ${what}`,
  database: (url: string) => `Database   ${url}`,
  gateway: (url: string) => `Gateway    ${url}`,
  server: (name: string, url: string, pid: number) => `Server ${name}   ${url} (process ${pid})`,
  head: { seconds: 'seconds', till: 'till', order: 'order', amount: 'amount', what: 'what happens' },
  seconds: (seconds: string) => `${seconds} s`,
  till: (number: number) => `till ${number}`,
  acts: {
    both: 'Four tills sell, through either server.',
    passwords: 'Four customers have to type a password; three of the payments are with server A.',
    killed: (pid: number) => `Server A is killed (SIGKILL to process ${pid}), in the middle of them.`,
    goesOn: 'The tills go on selling, through server B.',
    back: 'Server A is started again, and takes payments like before.',
  },
  asks: (server: string) => `pays through server ${server}`,
  asksAgain: (server: string) => `no answer: asks server ${server}, under the same key`,
  told: (title: string, server: string) => `${title}, says server ${server}`,
  compare: 'What they say in the end:',
  columns: {
    order: 'order',
    begun: 'begun by',
    finished: 'finished by',
    till: 'till was told',
    database: 'database',
    ledger: 'gateway’s ledger',
    agree: 'agree',
  },
  yes: 'yes',
  no: 'NO',
  nothing: 'nothing',
  entry: (state: string, amount: string) => `${state} ${amount}`,
  good: (orders: number, finished: number) =>
    `Ledger, database and tills agree in all ${orders} sales; ${finished} were begun by the server that was killed, and finished by the other. Each customer paid once.`,
  bad: 'They do not agree, or the other server did not finish what the first had begun.',
};

const chinese: typeof english = {
  starting: '正在启动 PostgreSQL、支付网关（模拟，TLS）和两台商户服务器……',
  failedToStart: (what) => `在这台机器上无法启动：${what}`,
  database: (url) => `数据库     ${url}`,
  gateway: (url) => `支付网关   ${url}`,
  server: (name, url, pid) => `服务器 ${name}   ${url}（进程 ${pid}）`,
  head: { seconds: '时间', till: '收银机', order: '订单号', amount: '金额', what: '经过' },
  seconds: (seconds) => `${seconds} 秒`,
  till: (number) => `${number} 号`,
  acts: {
    both: '四台收银机收款，经过任意一台服务器。',
    passwords: '四位顾客要输入密码；其中三笔支付在服务器 A 上进行。',
    killed: (pid) => `此时强行终止服务器 A（向进程 ${pid} 发送 SIGKILL）。`,
    goesOn: '收银机继续经服务器 B 收款。',
    back: '服务器 A 重新启动，照常收款。',
  },
  asks: (server) => `经服务器 ${server} 支付`,
  asksAgain: (server) => `没有应答：用同一个键改问服务器 ${server}`,
  told: (title, server) => `服务器 ${server} 答复：${title}`,
  compare: '最后三方的说法：',
  columns: {
    order: '订单号',
    begun: '发起',
    finished: '完成',
    till: '收银机得到的结果',
    database: '数据库',
    ledger: '支付网关账本',
    agree: '一致',
  },
  yes: '是',
  no: '否',
  nothing: '没有',
  entry: (state, amount) => `${state} ${amount}`,
  good: (orders, finished) =>
    `全部 ${orders} 笔支付，账本、数据库和收银机一致；其中 ${finished} 笔由被终止的服务器发起，由另一台完成。每位顾客只付了一次款。`,
  bad: '三方不一致，或者另一台服务器没有完成前一台发起的支付。',
};

export const words: Readonly<Record<Language, typeof english>> = { zh: chinese, en: english };

/** That of --lang, else the system's. */
export function languageOf(named: string | undefined): Language {
  if (named === 'zh' || named === 'en') return named;
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  return /^zh(?![a-z])/i.test(LC_ALL || LC_MESSAGES || LANG || Intl.DateTimeFormat().resolvedOptions().locale)
    ? 'zh'
    : 'en';
}

const wide = /[\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6]/u;

/** Filled with blanks to so many columns, of which a Chinese character takes two. */
export function padded(text: string, columns: number): string {
  const width = [...text].reduce((sum, character) => sum + (wide.test(character) ? 2 : 1), 0);
  return text + ' '.repeat(Math.max(0, columns - width));
}
