import { join } from 'node:path';
import ts from 'typescript';
import { commands } from '../../lib/face/commands.js';
import { calls } from '../../lib/pay/calls.js';
import { paymentErrorCodes, queryErrorCodes, reverseErrorCodes } from '../../lib/pay/error-codes.js';
import { code, type Language, table, type Words } from '../../scripts/docs/languages.js';
import { root } from './pages.js';
import { common, type VendorCall, vendorCalls } from './vendor-fields.js';

/** Where the package has a field or a code of the vendor's page; undefined where it has not. */
export interface Mapped {
  readonly call: VendorCall;
  readonly kind: 'request' | 'response' | 'code';
  readonly name: string;
  readonly place: Words | undefined;
}

/** Fields that the vendor documents elsewhere than on the page, and why no type and no rule has them. */
export const leftOut: ReadonlyArray<{ readonly call: 'facepay'; readonly name: string; readonly why: Words }> = [
  {
    call: 'facepay',
    name: 'deposit',
    why: {
      en: 'a deposit is a product with calls of its own (`/deposit/…`) to query, consume and give it back. The field alone would make one that nothing here could end.',
      zh: '押金是另一个产品，查询、消费和退还各有接口（`/deposit/…`）。只加这一个字段，会产生这里无法了结的押金。',
    },
  },
];

/** What `PayClient` adds to each request by itself (its options, or made for the request). */
const filledIn = ['appid', 'mch_id', 'sub_appid', 'sub_mch_id', 'nonce_str', 'sign', 'sign_type'];
/** What it reads for its caller: a FAIL of these is a PayProtocolError, which has both. */
const protocol = ['return_code', 'return_msg'];

const methods: Readonly<Record<string, string>> = { get_wxpayface_authinfo: 'getWxpayfaceAuthinfo' };
const methodOf = ({ name }: VendorCall): string => methods[name] ?? name;

const codeTables: Readonly<Record<string, [table: string, codes: Readonly<Record<string, unknown>>]>> = {
  micropay: ['paymentErrorCodes', paymentErrorCodes],
  orderquery: ['queryErrorCodes', queryErrorCodes],
  reverse: ['reverseErrorCodes', reverseErrorCodes],
};

/** The members of a type that are declared by name, by a template such as coupon_fee_${number}, or in part of a union. */
function declaredBy(checker: ts.TypeChecker, type: ts.Type): Set<string> {
  const names = new Set<string>();
  for (const member of type.isUnion() ? type.types : [type]) {
    for (const { name } of checker.getPropertiesOfType(member)) names.add(name);
    for (const { keyType } of checker.getIndexInfosOfType(member)) {
      const template = /^`(\w+)\$\{number\}`$/.exec(checker.typeToString(keyType))?.[1];
      if (template !== undefined) names.add(`${template}$n`);
    }
  }
  return names;
}

/** What a method of a public class takes first, and resolves with. */
export function signaturesOf() {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const entry = join(root, 'lib', 'index.ts');
  const program = ts.createProgram([entry], options);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  const exported = module ? checker.getExportsOfModule(module) : [];
  return (className: string, method: string) => {
    const symbol = exported.find(({ name }) => name === className);
    if (!source || !symbol) throw new Error(`lib/index.ts exports no ${className}`);
    const original = checker.getAliasedSymbol(symbol);
    const member = checker.getDeclaredTypeOfSymbol(original).getProperty(method);
    const [signature] = member ? checker.getTypeOfSymbol(member).getCallSignatures() : [];
    if (!signature) throw new Error(`${className} has no ${method}`);
    const [first] = signature.getParameters();
    const params = first && checker.getTypeOfSymbol(first);
    const result = checker.getAwaitedType(signature.getReturnType());
    const named = (type: ts.Type | undefined): string => {
      if (!type) return '';
      const plain = checker.getNonNullableType(type);
      return (plain.aliasSymbol ?? plain.symbol)?.name.replace('__type', '') ?? '';
    };
    return {
      params: named(params),
      result: named(result),
      takes: params ? declaredBy(checker, checker.getNonNullableType(params)) : new Set<string>(),
      gives: result ? declaredBy(checker, result) : new Set<string>(),
    };
  };
}

const filled: Words = { en: 'filled in by `PayClient`', zh: '由 `PayClient` 填写' };
const inCode = (name: string): Words => ({ en: code(name), zh: code(name) });

/** Walks the page, field by field and code by code. */
export function mapFields(): Mapped[] {
  const signatureOf = signaturesOf();
  return vendorCalls.flatMap((call) => {
    const className = call.side === 'face' ? 'FaceService' : 'PayClient';
    const method = methodOf(call);
    const { params, result, takes, gives } = signatureOf(className, method);
    const row = Object.entries(calls).find(([name]) => name === method)?.[1];
    const constants = row && 'constants' in row ? Object.keys(row.constants()) : [];
    const command = Object.entries(commands).find(([name]) => name === call.name)?.[1];
    const checked: object = row?.fields ?? command?.fields ?? {};

    const requestPlace = (name: string): Words | undefined => {
      if (call.side === 'pay' && [...filledIn, ...constants].includes(name)) return filled;
      // Both: a type for the compiler, and a rule for what comes at run time.
      return takes.has(name) && Object.hasOwn(checked, name) ? inCode(`${params || method}.${name}`) : undefined;
    };
    const responsePlace = (name: string): Words | undefined => {
      if (gives.has(name)) return inCode(`${result || `${method}()`}.${name}`);
      return call.side === 'pay' && protocol.includes(name) ? inCode(`PayProtocolError.${name}`) : undefined;
    };
    const codePlace = (name: string): Words | undefined => {
      const [table, codes] = codeTables[call.name] ?? ['', {}];
      if (Object.hasOwn(codes, name)) return inCode(`${table}.${name}`);
      const isGood: readonly string[] = command?.goodCodes ?? [];
      return isGood.includes(name)
        ? { en: `\`${result}\` with \`return_code\` ${name}`, zh: `\`return_code\` 为 ${name} 的 \`${result}\`` }
        : undefined;
    };
    return [
      ...call.request.map((name) => ({ call, kind: 'request' as const, name, place: requestPlace(name) })),
      ...call.response.map((name) => ({ call, kind: 'response' as const, name, place: responsePlace(name) })),
      ...call.codes.map((name) => ({ call, kind: 'code' as const, name, place: codePlace(name) })),
    ];
  });
}

const kinds: Readonly<Record<Mapped['kind'], Words>> = {
  request: { en: 'request', zh: '请求' },
  response: { en: 'response', zh: '应答' },
  code: { en: 'code', zh: '代码' },
};

const heads: Readonly<Record<Language, readonly string[]>> = { en: ['', 'Vendor', 'Here'], zh: ['', '微信', '本包'] };
const noFields: Words = { en: 'Common fields only.', zh: '只有公共字段。' };

const listOf = (names: readonly string[], language: Language): string =>
  names.map(code).join(language === 'en' ? ', ' : '、');

const intro: Readonly<Record<Language, () => string>> = {
  en: () => `# From the vendor's page to the types

Generated by \`npm run docs:field-mapping\` from the page's tables as transcribed in \`test/docs/vendor-fields.ts\`; a test walks
them against the command table, the parameter tables, the public types and the catalogues of error codes, so that nothing of
the page is missing. The last two sections are of the vendor's other pages, as far as those are known.

## 请求参数Req和响应结果Resp构成

Each command sends ${listOf(common.request, 'en')}, filled in by \`FaceService\`, and answers ${listOf(common.response, 'en')}
(\`FaceResponse\`). Of the common return_codes ${listOf(common.codes, 'en')} only SUCCESS is a value; each other one throws
\`ServiceCommandError\` with \`return_code\` and \`return_msg\`.`,
  zh: () => `# 从微信文档到类型

由 \`npm run docs:field-mapping\` 根据 \`test/docs/vendor-fields.ts\` 里抄录的文档表格生成；测试拿它们与命令表、参数表、公开类型和错误码目录逐项核对，
文档里的字段一个也不会缺。最后两节出自微信的另外两个页面，以目前所知为限。

## 请求参数Req和响应结果Resp构成

每个命令都发送 ${listOf(common.request, 'zh')}，由 \`FaceService\` 填写，应答含 ${listOf(common.response, 'zh')}（\`FaceResponse\`）。公共 return_code
${listOf(common.codes, 'zh')} 之中，只有 SUCCESS 是值；其余的都抛出 \`ServiceCommandError\`，带 \`return_code\` 和 \`return_msg\`。`,
};

const leftOutHead: Words = { en: 'Left out', zh: '没有收入的' };

/** docs/field-mapping.md in each language; to walk the types takes seconds, so both at once. */
export function fieldMappingPages(): Readonly<Record<Language, string>> {
  const mapped = mapFields();
  const page = (language: Language): string => {
    const sections = vendorCalls.map((call) => {
      const rows = mapped
        .filter((one) => one.call === call)
        .map(({ kind, name, place }) => [kinds[kind][language], code(name), place?.[language] ?? '']);
      const where = `${call.side === 'face' ? 'FaceService' : 'PayClient'}.${methodOf(call)}`;
      const fields = rows.length === 0 ? noFields[language] : table(heads[language], rows);
      return [`## ${call.section} · ${call.name}`, '', code(where), '', fields].join('\n');
    });
    const omissions = leftOut.map(
      ({ call, name, why }) => `- ${code(call)} ${code(name)}${language === 'en' ? ': ' : '：'}${why[language]}`,
    );
    return [intro[language](), ...sections, `## ${leftOutHead[language]}`, `${omissions.join('\n')}\n`].join('\n\n');
  };
  return { en: page('en'), zh: page('zh') };
}
