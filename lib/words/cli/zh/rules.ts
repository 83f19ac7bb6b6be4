import { type Translations, translated } from './translated.js';

const kinds: Readonly<Record<string, string>> = {
  string: '文本',
  number: '数字',
  boolean: '真假值',
  object: '对象',
  undefined: '未定义的值',
};
const listed = (words: string): string => words.replaceAll("'", '').replaceAll(', ', '、').replace(' or ', '、');

/** What a parameter must be, as the rules of lib say it behind the parameter's name. */
const rules: Translations = [
  [/^is required, or (.*)$/, (others) => `必须提供，也可以改用 ${listed(others)}`],
  [/^is required together with (.*)$/, (other) => `必须与 ${other} 一起提供`],
  [/^is required unless face_code_type is "1"$/, () => '必须提供，除非 face_code_type 是 "1"'],
  [/^is required: see the options of PayClient|^is required for /, () => '必须提供'],
  [/^is required/, () => '必须提供'],
  [/^must be a whole number of milliseconds, at least (\d+)$/, (least) => `应为不小于 ${least} 的整数，单位为毫秒`],
  [
    /^must be a whole number of milliseconds from (\d+) to (\d+)$/,
    (least, most) => `应为 ${least} 到 ${most} 之间的整数，单位为毫秒`,
  ],
  [
    /^must be a number from (\S+) to (\S+), not (.*)$/,
    (least, most, value) => `应为 ${least} 到 ${most} 之间的数字，不能是 ${value}`,
  ],
  [/^must be a number above (\S+)$/, (least) => `应为大于 ${least} 的数字`],
  [/^must be a number, not a (\w+)$/, (kind) => `应为数字，不能是${kinds[kind] ?? kind}`],
  [/^must be a whole number, not (.*)$/, (value) => `应为整数，不能是 ${value}`],
  [/^must be a whole number of fen in digits, from "1"/, () => '应为数字形式的整数，单位为分，从 1 开始'],
  [/^must be a number in digits, from "1"/, () => '应为数字，从 1 开始'],
  [/^must be digits/, () => '应全部为数字'],
  [
    /^must be at least (\S+) \((.*)\), not (.*)$/,
    (other, least, value) => `不能小于 ${other}（${least}），现在是 ${value}`,
  ],
  [
    /^must be more than the client's time-outs together \((.*)\), not (.*)$/,
    (least, value) => `应大于各项超时之和（${least}），现在是 ${value}`,
  ],
  [
    /^must be more than (\S+) \((.*)\), not (.*)$/,
    (other, least, value) => `应大于 ${other}（${least}），现在是 ${value}`,
  ],
  [/^must be at least (\S+), not (.*)$/, (least, value) => `不能小于 ${least}，现在是 ${value}`],
  [/^must be at most (\S+), not (.*)$/, (most, value) => `不能大于 ${most}，现在是 ${value}`],
  [/^must be a string, not a (\w+)$/, (kind) => `应为文本，不能是${kinds[kind] ?? kind}`],
  [/^must be a string$/, () => '应为文本'],
  [/^must be an object/, () => '应为对象'],
  [/^must be true or false$/, () => '应为 true 或 false'],
  [/^must not contain an emoji or another character outside/, () => '不能含有表情符号或其他基本多文种平面以外的字符'],
  [/^must not contain control characters/, () => '不能含有控制字符'],
  [/^must have at most (\d+) characters; it has (\d+)$/, (most, has) => `最多 ${most} 个字符，现在有 ${has} 个`],
  [
    /^must have at most (\d+) UTF-8 bytes; it has (\d+)$/,
    (most, has) => `最多 ${most} 个字节（UTF-8），现在有 ${has} 个`,
  ],
  [/^must have at most (\d+) bytes$/, (most) => `最多 ${most} 个字节`],
  [/^must be one of (.*); it has \d+ characters$/, (words) => `只能取 ${listed(words)} 之一`],
  [/^must be one of (.*)$/, (words) => `只能取 ${listed(words)} 之一`],
  [/^must be '(.*)' or '(.*)'(?:, not .*)?$/, (one, other) => `只能取 ${listed(one)} 或 ${other}`],
  [/^must be a list of (.*)$/, (words) => `应为列表，可含 ${listed(words)}`],
  [
    /^must be a time as yyyyMMddHHmmss \(Beijing time\) more than a minute ahead/,
    () => '应为一分钟以后的时间，形如 yyyyMMddHHmmss（北京时间）',
  ],
  [/^must be a time as yyyyMMddHHmmss/, () => '应为时间，形如 yyyyMMddHHmmss'],
  [/^must be a day as yyyyMMdd/, () => '应为日期，形如 yyyyMMdd'],
  [/^must be JSON, without a circle/, () => '应为 JSON，不能循环引用'],
  [/^must be a JSON object/, () => '应为 JSON 对象'],
  [/^must be a JSON value/, () => '应为 JSON 值'],
  [/^must be JSON/, () => '应为 JSON'],
  [/^must be three capital letters/, () => '应为三个大写字母（ISO 4217）'],
  [/^must be an IPv4 or IPv6 address/, () => '应为 IPv4 或 IPv6 地址'],
  [/^must be made of (.*) only(?:; it has (\d+) characters)?$/, (allowed) => `只能由 ${allowed} 组成`],
  [/^must be made of digits and letters/, () => '只能由数字和字母组成'],
  [/^must be 1 to 32 of (.*?)(?:; it has .*)?$/, (allowed) => `应为 1 到 32 个字符，只能由 ${allowed} 组成`],
  [/^must be 18 digits that begin with 10 to 15/, () => '不是微信支付的付款码：应为 18 位数字，以 10 到 15 开头'],
  [/^must be a URL that begins with https/, () => '应为以 https:// 开头的网址'],
  [/^must begin with http:\/\/, https:\/\/ or socks5:\/\//, () => '应以 http://、https:// 或 socks5:// 开头'],
  [/^must begin with https:\/\/$/, () => '应以 https:// 开头'],
  [/^must be an origin/, () => '应只有 https://、主机名和可选的端口，后面不能有其他内容'],
  [/^must be a URL$/, () => '应为网址'],
  [/^must be certificates in PEM/, () => '应为 PEM 格式的证书'],
  [/^must be an? (?:AbortSignal|function)/, () => '类型不正确'],
  [/^must be a path$/, () => '应为路径'],
  [/^has another passphrase/, () => '口令不正确；从商户平台下载的 .p12 文件，口令是商户号（mch_id）'],
  [
    /^has a passphrase, but none is given/,
    () => '需要口令，但没有提供；从商户平台下载的 .p12 文件，口令是商户号（mch_id）',
  ],
  [/^has an encrypted private key, but no passphrase/, () => '私钥已加密，但没有提供口令'],
  [
    /^is a PFX with the old RC2 encryption/,
    () =>
      '是用旧式 RC2 加密的 PFX，Node.js 17 及以后不能使用；请用“openssl pkcs12 -legacy -in apiclient_cert.p12 -out apiclient.pem -nodes”转换为 PEM，或使用同一次下载的 apiclient_cert.pem 和 apiclient_key.pem',
  ],
  [/^and its key don't belong together/, () => '证书与私钥不匹配'],
  [/^is not PEM/, () => '不是 PEM：应有证书和私钥，各自从 -----BEGIN 到 END'],
  [/^can't be read: it is no PKCS#12 file/, () => '无法读取：不是 PKCS#12 文件（.p12、.pfx）'],
  [/^can't be read/, () => '无法读取'],
  [/^must have a pfx|^must have either|^must name either/, () => '内容不完整'],
  [/^is no option; there are (.*)$/, (known) => `不是可用的选项；可用的有 ${listed(known)}`],
  [/^is unknown; known are (.*)$/, (known) => `不是可用的配置项；可用的有 ${listed(known)}`],
  [/^is no setting of a scenario; there are (.*)$/, (known) => `不是情景的设置；可用的有 ${listed(known)}`],
  [/^must not be more than total_fee$/, () => '不能大于总金额 total_fee'],
  [/^is not what the journal knows of (.*)$/, (number) => `与流水中 ${number} 的总金额不符`],
  [/^is not what the gateway shows for (.*)$/, (number) => `与支付网关显示的 ${number} 的总金额不符`],
  [/^is not a field of|^is not a field name/, () => '不是可用的字段'],
  [/^is filled in by the client|^is a field that this package sets itself/, () => '由本程序填写，不能指定'],
];

/** @param rule As the errors of lib have it: the end of a sentence that begins with the parameter's name. */
export const ruleInChinese = (rule: string): string =>
  translated(rules, rule, (unlisted) => `不符合要求（${unlisted}）`);
