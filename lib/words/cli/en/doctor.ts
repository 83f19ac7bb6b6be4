/** The checks, by the names that --json has, and the client that some of them need. */
const names = {
  config: 'config',
  journal: 'journal',
  merchant: 'merchant',
  library: 'library',
  service: 'service',
  init: 'init',
  rawdata: 'rawdata',
  certificate: 'certificate',
  gateway: 'gateway',
  tls: 'tls',
  'backup gateway': 'backup gateway',
  'face gateway': 'face gateway',
  clock: 'clock',
  'certificate accepted': 'certificate accepted',
  key: 'key',
  authinfo: 'authinfo',
  'API v3': 'API v3',
  client: 'client',
};

/** What the doctor finds, and what to do about it. */
export const doctor = {
  names,
  marks: { ok: 'ok', warn: 'WARN', fail: 'FAIL', skip: 'skip' },
  system: (version: string, node: string, platform: string) => `wxpay-face ${version}, Node.js ${node}, ${platform}`,
  todo: (says: string) => `→ ${says}`,
  interrupted: 'interrupted',
  without: (name: string) => `without ${name} it has no meaning`,
  perhapsRuns: 'whether the till program runs can’t be seen: camera and service are left alone',
  runs: 'the till program runs: camera and service are left to it',
  all: (says: readonly string[]) => says.join('; '),
  is: (what: string) => what,

  correctConfig: 'correct the configuration file; docs list its fields',
  correctField: 'correct this field',
  noMerchant: (source: string) => `no appid, mch_id, key in ${source}: fine if a merchant server has them`,
  merchant: (appid: string, mch_id: string) => `appid ${appid}, mch_id ${mch_id}`,
  oddKey: (who: string) => `${who}; key has not the form of an API v2 key`,
  keyForm: 'an API v2 key has 32 letters and digits',

  journal: {
    otherFiles: (folder: string) => `${folder} holds other files, and no journal`,
    correctJournal: 'correct `journal`; if it was the journal, keep the folder and restore its files',
    none: (folder: string) => `there is no journal in ${folder} yet`,
    fineIfNew: 'fine for a new till; else correct `journal`',
    held: (folder: string, unfinished: number) =>
      `${folder} is open in another process: the till program runs, ${unfinished} unfinished`,
    nothingUnfinished: (folder: string) => `${folder}, nothing unfinished`,
    unfinished: (folder: string, count: number) => `${folder}, ${count} unfinished`,
    recover: 'the till goes on with them when it starts; or: wxpay-face journal recover',
    notConfigured: 'no journal is configured: fine if a merchant server has it',
    damaged: 'keep the folder; "wxpay-face journal check" shows what of it is readable',
    unwritable: 'let the user of this program write there, on a local disk with free space',
  },

  library: (path: string, arch: string, version: string | undefined, hostFor: string | undefined) =>
    `${path}, ${arch}, ${version === undefined ? 'no version' : `version ${version}`}, runs ${
      hostFor === undefined ? 'in this process' : `in a host process, since this one is ${hostFor}`
    }`,
  nameLibrary: 'name the library in `library` or WXPAY_FACE_SDK',
  serviceRuns: 'WxpayFaceService is running',
  serviceSilent: (seconds: number) => `WxpayFaceService did not answer within ${seconds} s`,
  startService: 'start the WxpayFaceService program as administrator; if it runs, restart it',
  answered: (cmd: string) => `${cmd} answered SUCCESS`,
  lookAtCamera:
    'look at the camera’s cable, `init`, and whether another payment program has the camera; then restart WxpayFaceService',
  restartService: 'restart WxpayFaceService',

  certificate: {
    unreadable: 'it can’t be read',
    downloadAnew: 'download it anew from the merchant site',
    expired: (day: string) => `it expired on ${day}`,
    renew: 'renew it on the merchant site (API安全), and name the new one in `certificate`',
    notYet: (day: string) => `it is not valid before ${day}`,
    setClock: 'set this machine’s clock',
    ofOther: (owner: string, mch_id: string) => `it is that of merchant ${owner}, not of ${mch_id}`,
    takeOwn: 'take the one of this `mch_id`',
    good: (owner: string, day: string) => `of ${owner}, until ${day}`,
    soon: (good: string) => `it expires soon: ${good}`,
    none: 'none: payments could not be reversed, nor refunded',
    download: 'download it from the merchant site (API安全), and name it in `certificate`',
    correct: 'correct this field, or download the certificate anew from the merchant site',
    sandbox: 'the sandbox asks for none',
    oddAnswer: (answer: string) => `a reversal that names no order was answered ${answer}`,
    compare:
      'compare the certificate, `key` and the merchant’s permissions with the merchant site; if it stays, ask WeChat Pay',
    refused: 'the gateway refuses it',
    takeNewest: 'take the certificate that the merchant site gave for this `mch_id`, and the newest one',
    taken: 'the gateway takes it',
  },

  reachable: (origin: string) => `${origin} is reachable`,
  /** @param said Of whoever could not be reached, or not be trusted. @param hint '' if there is none. */
  unreachable: (origin: string, said: string, _code: string, hint: string) =>
    [`${origin}: ${said}`, hint].filter(Boolean).join('; '),
  noAnswer: (origin: string, milliseconds: number) => `${origin}: no answer within ${milliseconds} ms`,
  noTls: (origin: string) => `${origin}: no TLS connection`,
  network:
    'look at the network cable, DNS, the firewall, and whether a `proxy` is needed; the shop’s router must let HTTPS out',
  trust: (time: string) =>
    `set this machine’s clock (it says ${time}); a proxy or an antivirus program that opens HTTPS needs its authority in \`ca\``,
  tls: (protocol: string, day: string) => `${protocol}, the gateway’s certificate is good until ${day}`,
  noBackup: 'none is configured',
  firstHostWorks: (advice: string) => `payments go on while the first host works; ${advice}`,

  clock: {
    noDate: 'the gateway’s answer has no Date',
    compare: 'compare the clock by hand',
    behind: (seconds: number) => `${seconds} s behind the gateway`,
    ahead: (seconds: number) => `${seconds} s ahead of the gateway`,
    set: 'let the system set its clock by itself (Windows: w32tm /resync), and look at its time zone',
  },

  key: {
    good: 'a signed call was answered with a good signature',
    oddAnswer: (answer: string) =>
      `the signatures are good, but a query for an order that can’t exist was answered ${answer}`,
    tryAgain: 'try again later; if it stays, ask WeChat Pay',
    compare:
      'compare `key` (the API v2 key) and `mch_id` with the merchant site (账户中心, API安全); a new key works only after the old one was replaced everywhere',
    compareIds: 'compare `appid` and `mch_id` with the merchant site; they must be bound to each other',
    ask: 'ask WeChat Pay what this answer means',
    limited: 'the gateway limits this merchant’s calls: try again in a few minutes',
  },

  v3: {
    none: 'nothing of API v3 is configured',
    good: (serial: string) =>
      `the gateway takes the private key and the serial number ${serial}, and signs with a key that is configured`,
    otherSerial: (serial: string) => `the certificate in \`certificate\` has the serial number ${serial}`,
    takeSerial: 'write this one in `v3.serial_no`, or name the certificate that belongs to it',
    otherKey: 'the private key in `v3.privateKey` is not that of the certificate',
    takeKey: 'take the apiclient_key.pem that was made with this certificate',
    compare:
      'compare `v3.serial_no` and `v3.privateKey` with the merchant site (账户中心, API安全, 商户API证书), and look at this machine’s clock',
    verify:
      'compare `v3.publicKey` and `v3.publicKeyId`, or `v3.platformCertificate`, with the merchant site (账户中心, API安全, 微信支付公钥), and look at this machine’s clock',
  },

  noTerminal: (source: string) => `no terminal in ${source}`,
  mayTakeFaces: 'get_wxpayface_authinfo answered SUCCESS: this merchant may take faces',
  correctTerminal: 'correct `terminal`',
  askForFaces: 'ask WeChat Pay whether face payment (刷脸支付) is opened for this merchant and terminal',
};
