import type { ActName, Language } from '../shown.js';

type Words = Readonly<Record<string, string>>;

/** What a person is told of a difference between bill and journal: what it is, and what to do. */
interface DifferenceWords {
  readonly title: string;
  readonly advice: string;
}

interface ActWords {
  /** On the button. */
  readonly name: string;
  /** What is confirmed. */
  readonly question: string;
  readonly explanation: string;
  readonly confirm: string;
}

const zh = {
  language: 'English',
  page: {
    title: '商户后台',
    live: '已连接',
    lost: '已断开，正在重新连接',
    signIn: '登录',
    signOut: '退出',
    token: '令牌',
    tokenHint: '令牌由管理员用 wxpay-face-server person add 生成，只显示一次。登录后八小时内有效。',
    wrongToken: '没有人使用这个令牌。请检查后重试。',
    tooMany: '尝试次数过多，请稍后再试。',
    over: '登录已失效，请重新登录。',
    failed: '服务器没有答复，请稍后再试。',
    needs: '需要人工处理',
    noNeeds: '目前没有需要人工处理的事项。',
    sales: '收款与退款',
    noSales: '还没有收款。',
    folderSales: '没有数据库的服务器只列出终端尚未确认的收款；其他收款请按单号查询。',
    days: '每日对账',
    noDays: '还没有对过账的日子。',
    needsDatabase: '对账、差异和投递失败的通知需要数据库。这台服务器的流水在文件夹里。',
    terminals: '收银终端',
    noTerminals: '还没有收银终端。',
    servers: '商户服务器',
    merchant: '商户',
    number: '单号',
    lookUp: '查询',
    notFound: '流水里没有这个单号。',
    order: '商户订单号',
    refundNumber: '退款单号',
    state: '状态',
    amount: '金额',
    givenBack: '已退或在退',
    givenBackShort: '退',
    nothingGivenBack: '这笔收款还没有退过款。',
    left: '还可以退',
    day: '日期',
    differences: '差异',
    terminal: '终端',
    store: '门店',
    rights: '权限',
    server: '服务器',
    lease: '租约',
    leaseGood: '有效',
    leaseOver: '已过期',
    noLease: '单机',
    thisServer: '本机',
    underWay: '处理中',
    at: '时间',
    refunds: '退款记录',
    here: '流水',
    there: '账单',
    gateway: '微信支付的答复',
    askGateway: '向微信支付查询',
    close: '关闭',
    back: '返回',
    refundAmount: '退款金额（元）',
    refundReason: '退款原因（顾客可见，可不填）',
    wrongAmount: '请输入不超过可退金额的数，例如 12.50。',
    overtaken: '这笔记录刚刚有了变化，您的操作没有执行。请看最新情况，再决定。',
    overtakenBy: '已有人先处理了这笔记录，您的操作没有执行。请看最新情况，再决定。处理人：',
    impossible: '以现在的状态不能这样处理，什么都没有执行。请看最新情况。',
    refusedByRule: '没有执行：',
    doneWithout: '已执行，结果稍后显示。',
    acknowledged: '已标记为处理完毕。',
    mayNotAct: '您的权限只能查看。',
    restored: '数据库恢复到了较早的时刻，此后的退款可能没有记录。这几天的账单对完之前不能退款，什么都没有发出。',
    unknownEnd: '没有得到答复，不知道是否已经执行。请再按一次：同一次确认不会执行两遍。',
    deadLetter: '投递失败的通知',
    deadLetterText: '您的系统一直没有收下这条通知。请先修好接收地址，再重新投递。',
    attempts: '已投递次数：',
    replay: '重新投递',
    replayed: '已安排重新投递。',
    replayQuestion: '重新投递这条通知？',
    gone: '这一项已经有人处理了。',
  },
  roles: { look: '可查看', act: '可处理' },
  rights: { pay: '收款', cancel: '撤销', refund: '退款' } as Words,
  payment: {
    submitting: '提交中',
    polling: '支付结果未知',
    confirming: '确认中',
    reversing: '撤销中',
    paid: '已支付',
    declined: '支付失败',
    failed: '未提交',
    cancelled: '已取消',
    reversed: '已撤销',
    attention: '人工处理',
  } as Words,
  refund: {
    sending: '退款提交中',
    accepted: '退款处理中',
    confirming: '退款确认中',
    refunded: '已退款',
    refused: '退款被拒',
    failed: '退款未提交',
    attention: '退款待人工处理',
  } as Words,
  acts: {
    'give-up': {
      name: '撤销',
      question: '撤销这笔收款？',
      explanation: '撤销不能收回。如果顾客已经付款，全部金额会退还给顾客。',
      confirm: '确认撤销',
    },
    refund: {
      name: '退款',
      question: '给顾客退款？',
      explanation: '退款不能收回，会退回顾客原来的支付方式。',
      confirm: '确认退款',
    },
    'send-again': {
      name: '重新提交退款',
      question: '重新提交这笔退款？',
      explanation: '用同一个退款单号再提交一次，不会退两遍。请先确认密钥和证书已经更换好。',
      confirm: '确认提交',
    },
    acknowledge: {
      name: '标记为已处理',
      question: '这件事已经处理完毕？',
      explanation: '标记后它不再列在这里。请先按上面的提示处理好。这一步不会动钱。',
      confirm: '确认已处理',
    },
  } as Readonly<Record<ActName, ActWords>>,
  /** What the person in charge does about an attention, by its code. */
  duties: {
    payment: {
      'number-taken':
        '这个单号已经属于另一笔交易。请查出是哪个系统用了同一个单号，改好编号规则；这位顾客请用新的单号收款。',
      'not-ours': '微信支付显示的金额、商户或时间与这笔不符。请在微信支付商户平台按单号核对，确认顾客有没有多付。',
      'refunded-elsewhere': '这笔款在本系统之外退过。请在微信支付商户平台查看是谁退的、退了多少。',
      refused: '微信支付不认这个商户的密钥或商户号。请检查配置，改好后按单号查询这笔收款。',
      certificate: '撤销需要有效的商户证书。请更换证书并让服务器重新读取配置，然后再按“撤销”。',
      'reverse-expired': '已经过了可以撤销的时间。如果顾客付了款，请在微信支付商户平台退款。',
      denied: '这笔交易曾经确认，现在微信支付说没有。请带上单号联系微信支付。',
      unreadable: '这条流水由另一个版本写下，本版本读不了。请升级服务器，或在微信支付商户平台按单号查看。',
      'other-merchant': '这条流水属于另一个商户号。请检查服务器的商户配置。',
    } as Words,
    refund: {
      'by-hand': '微信支付不能原路退款。请在微信支付商户平台处理，或者用其他方式把钱退给顾客。',
      'not-ours': '这个退款单号在微信支付是另一笔退款。请在微信支付商户平台按单号核对。',
      refused: '微信支付不认这个商户的密钥或商户号。请检查配置，改好后再按“重新提交退款”。',
      certificate: '退款需要有效的商户证书。请更换证书并让服务器重新读取配置，然后再按“重新提交退款”。',
      unreadable: '这条流水由另一个版本写下，本版本读不了。请升级服务器，或在微信支付商户平台按单号查看。',
      'other-merchant': '这条流水属于另一个商户号。请检查服务器的商户配置。',
    } as Words,
  },
  differenceKinds: {
    'charged-not-told-paid': {
      title: '顾客付了款，终端却没有收到成功',
      advice: '请查询这笔收款。如果商品没有交付，请给顾客退款。',
    },
    'paid-not-in-bill': {
      title: '终端显示已支付，账单里却没有',
      advice: '请查询这笔收款，并与微信支付核对；钱可能没有到账。',
    },
    amount: { title: '金额与账单不一致', advice: '请与微信支付核对这笔收款的金额。' },
    'reversed-still-charged': {
      title: '已撤销，账单里却仍然收了款',
      advice: '请查询这笔收款；如果钱没有退，请在微信支付商户平台给顾客退款。',
    },
    'reversal-not-in-bill': { title: '账单里没有这笔撤销', advice: '请查询这笔收款，确认顾客的钱已经退回。' },
    'refund-not-in-bill': { title: '账单里没有这笔退款', advice: '请查询这笔退款，确认顾客收到了钱。' },
    'refund-unknown-here': {
      title: '账单里有流水之外的退款',
      advice: '请确认是谁退的款：可能是在微信支付商户平台退的。',
    },
    'refund-amount': { title: '退款金额与账单不一致', advice: '请与微信支付核对这笔退款的金额。' },
    'unknown-here': {
      title: '账单里有流水之外的收款',
      advice: '请确认是哪个系统收的款；如果数据库恢复过旧的备份，这就是丢失的收款。',
    },
    undecided: { title: '这笔还没有结果', advice: '请查询；没有结果的会继续处理，明天再看。' },
  } as Readonly<Record<string, DifferenceWords>>,
  unlistedDifference: { title: '与账单不一致', advice: '请与微信支付核对。' } as DifferenceWords,
};

export type Texts = typeof zh;

const en: Texts = {
  language: '中文',
  page: {
    title: 'Back office',
    live: 'Connected',
    lost: 'Connection lost, trying again',
    signIn: 'Sign in',
    signOut: 'Sign out',
    token: 'Token',
    tokenHint:
      'An administrator makes a token by wxpay-face-server person add; it is shown once. You stay signed in for eight hours.',
    wrongToken: 'Nobody has this token. Check it and try again.',
    tooMany: 'Too many attempts. Try again later.',
    over: 'You are no longer signed in. Sign in again.',
    failed: 'The server did not answer. Try again later.',
    needs: 'Needs a person',
    noNeeds: 'Nothing needs a person now.',
    sales: 'Payments and refunds',
    noSales: 'There are no payments yet.',
    folderSales:
      'A server without a database lists what terminals have not acknowledged; look other payments up by their numbers.',
    days: 'Reconciliation by day',
    noDays: 'No day has been reconciled yet.',
    needsDatabase:
      'Reconciliation, differences and undelivered webhooks need a database. The journal of this server is in a folder.',
    terminals: 'Terminals',
    noTerminals: 'There are no terminals yet.',
    servers: 'Servers',
    merchant: 'Merchant',
    number: 'Number',
    lookUp: 'Look up',
    notFound: 'The journal does not have this number.',
    order: 'Order number',
    refundNumber: 'Refund number',
    state: 'State',
    amount: 'Amount',
    givenBack: 'Given back, or about to be',
    givenBackShort: 'back',
    nothingGivenBack: 'Nothing of this payment was given back yet.',
    left: 'Can still be given back',
    day: 'Day',
    differences: 'Differences',
    terminal: 'Terminal',
    store: 'Store',
    rights: 'Rights',
    server: 'Server',
    lease: 'Lease',
    leaseGood: 'good',
    leaseOver: 'over',
    noLease: 'alone',
    thisServer: 'this one',
    underWay: 'Under way',
    at: 'Time',
    refunds: 'Refunds',
    here: 'Journal',
    there: 'Bill',
    gateway: 'WeChat Pay answers',
    askGateway: 'Ask WeChat Pay',
    close: 'Close',
    back: 'Back',
    refundAmount: 'Amount to give back (yuan)',
    refundReason: 'Reason (the customer sees it; may be left out)',
    wrongAmount: 'Enter an amount up to what can be given back, such as 12.50.',
    overtaken: 'This record has just changed, and your act was not carried out. See how it stands now, then decide.',
    overtakenBy:
      'Somebody else was quicker, and your act was not carried out. See how it stands now, then decide. It was ',
    impossible: 'As it stands now this can not be done. Nothing was carried out.',
    refusedByRule: 'Not carried out: ',
    doneWithout: 'Carried out; the result follows.',
    acknowledged: 'Marked as dealt with.',
    mayNotAct: 'You may look, but not act.',
    restored:
      'The database was restored to an older moment, and may not know what was given back since. Nothing is refunded before these days are reconciled; nothing was sent.',
    unknownEnd: 'There was no answer: it may have been carried out. Press again: one confirmation is carried out once.',
    deadLetter: 'Undelivered webhook',
    deadLetterText: 'Your system has not taken this message. Repair the receiver, then deliver it again.',
    attempts: 'attempts: ',
    replay: 'Deliver again',
    replayed: 'It will be delivered again.',
    replayQuestion: 'Deliver this message again?',
    gone: 'Somebody has dealt with this already.',
  },
  roles: { look: 'may look', act: 'may act' },
  rights: { pay: 'pay', cancel: 'cancel', refund: 'refund' },
  payment: {
    submitting: 'sending',
    polling: 'result unknown',
    confirming: 'confirming',
    reversing: 'reversing',
    paid: 'paid',
    declined: 'declined',
    failed: 'not sent',
    cancelled: 'cancelled',
    reversed: 'reversed',
    attention: 'needs a person',
  },
  refund: {
    sending: 'sending refund',
    accepted: 'refund under way',
    confirming: 'confirming refund',
    refunded: 'refunded',
    refused: 'refund refused',
    failed: 'refund not sent',
    attention: 'refund needs a person',
  },
  acts: {
    'give-up': {
      name: 'Give up',
      question: 'Give this payment up?',
      explanation: 'This can not be taken back. If the customer has paid, the whole amount is given back.',
      confirm: 'Yes, give it up',
    },
    refund: {
      name: 'Refund',
      question: 'Refund the customer?',
      explanation: 'This can not be taken back. The money goes back to where the customer paid from.',
      confirm: 'Yes, refund',
    },
    'send-again': {
      name: 'Send refund again',
      question: 'Send this refund again?',
      explanation: 'It is sent under the same number, so it gives back once. Replace the key or certificate first.',
      confirm: 'Yes, send it',
    },
    acknowledge: {
      name: 'Mark as dealt with',
      question: 'Has this been dealt with?',
      explanation: 'It is listed here no longer. Do what it says above first. This moves no money.',
      confirm: 'Yes, dealt with',
    },
  },
  duties: {
    payment: {
      'number-taken':
        'The number belongs to another sale. Find the system that used it too, and repair how numbers are made; charge this customer under a new number.',
      'not-ours':
        'WeChat Pay shows another amount, merchant or time. Compare it by its number in WeChat Pay’s merchant platform: has the customer paid too much?',
      'refunded-elsewhere':
        'It was refunded outside this system. See in WeChat Pay’s merchant platform who did, and how much.',
      refused: 'WeChat Pay refuses this merchant’s key or number. Repair the configuration, then look the payment up.',
      certificate:
        'Giving up needs a good merchant certificate. Replace it, let the server read its configuration again, then press Give up.',
      'reverse-expired':
        'It is too late to reverse it. If the customer has paid, refund in WeChat Pay’s merchant platform.',
      denied: 'It was confirmed once, and WeChat Pay now says there is none. Contact WeChat Pay with its number.',
      unreadable:
        'Another version wrote this record, and this one can not read it. Upgrade the server, or see the number in WeChat Pay’s merchant platform.',
      'other-merchant': 'This record is of another merchant number. Check the server’s configuration.',
    },
    refund: {
      'by-hand':
        'WeChat Pay can not give it back where it came from. Deal with it in WeChat Pay’s merchant platform, or pay the customer in another way.',
      'not-ours': 'The number is that of another refund. Compare it in WeChat Pay’s merchant platform.',
      refused:
        'WeChat Pay refuses this merchant’s key or number. Repair the configuration, then press Send refund again.',
      certificate:
        'Refunds need a good merchant certificate. Replace it, let the server read its configuration again, then press Send refund again.',
      unreadable:
        'Another version wrote this record, and this one can not read it. Upgrade the server, or see the number in WeChat Pay’s merchant platform.',
      'other-merchant': 'This record is of another merchant number. Check the server’s configuration.',
    },
  },
  differenceKinds: {
    'charged-not-told-paid': {
      title: 'Charged, but the till was not told so',
      advice: 'Look the payment up. If the goods were not handed over, refund the customer.',
    },
    'paid-not-in-bill': {
      title: 'Told paid, but not in the bill',
      advice: 'Look the payment up, and ask WeChat Pay: the money may not have arrived.',
    },
    amount: { title: 'The bill has another amount', advice: 'Ask WeChat Pay about the amount of this payment.' },
    'reversed-still-charged': {
      title: 'Reversed, but charged in the bill',
      advice: 'Look the payment up; if the money was not given back, refund it in WeChat Pay’s merchant platform.',
    },
    'reversal-not-in-bill': {
      title: 'The reversal is not in the bill',
      advice: 'Look the payment up, and make sure that the customer has the money back.',
    },
    'refund-not-in-bill': {
      title: 'The refund is not in the bill',
      advice: 'Look the refund up, and make sure that the customer has the money.',
    },
    'refund-unknown-here': {
      title: 'A refund that the journal does not know',
      advice: 'Find out who made it: it may have been made in WeChat Pay’s merchant platform.',
    },
    'refund-amount': {
      title: 'The bill has another refund amount',
      advice: 'Ask WeChat Pay about the amount of this refund.',
    },
    'unknown-here': {
      title: 'A payment that the journal does not know',
      advice: 'Find out which system took it; if the database was restored to an older moment, this is a lost payment.',
    },
    undecided: { title: 'Not decided yet', advice: 'Look it up; what is open goes on, so look again tomorrow.' },
  },
  unlistedDifference: { title: 'Differs from the bill', advice: 'Ask WeChat Pay about it.' },
};

export const texts: Readonly<Record<Language, Texts>> = { zh, en };
