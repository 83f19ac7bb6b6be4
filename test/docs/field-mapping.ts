import { join } from 'node:path';
import ts from 'typescript';
import { commands } from '../../lib/face/commands.js';
import { calls } from '../../lib/pay/calls.js';
import { paymentErrorCodes, queryErrorCodes, reverseErrorCodes } from '../../lib/pay/error-codes.js';
import { root } from './pages.js';
import { common, type VendorCall, vendorCalls } from './vendor-fields.js';

/** Where the package has a field or a code of the vendor's page; undefined where it has not. */
export interface Mapped {
  readonly call: VendorCall;
  readonly kind: 'request' | 'response' | 'code';
  readonly name: string;
  readonly place: string | undefined;
}

/** Fields that the vendor documents elsewhere than on the page, and why no type and no rule has them. */
export const leftOut: ReadonlyArray<{ readonly call: 'facepay'; readonly name: string; readonly why: string }> = [
  {
    call: 'facepay',
    name: 'deposit',
    why: 'a deposit is a product with calls of its own (`/deposit/…`) to query, consume and give it back. The field alone would make one that nothing here could end.',
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

    const requestPlace = (name: string): string | undefined => {
      if (call.side === 'pay' && [...filledIn, ...constants].includes(name)) return 'filled in by `PayClient`';
      // Both: a type for the compiler, and a rule for what comes at run time.
      return takes.has(name) && Object.hasOwn(checked, name) ? `\`${params || method}.${name}\`` : undefined;
    };
    const responsePlace = (name: string): string | undefined => {
      if (gives.has(name)) return `\`${result || `${method}()`}.${name}\``;
      return call.side === 'pay' && protocol.includes(name) ? `\`PayProtocolError.${name}\`` : undefined;
    };
    const codePlace = (name: string): string | undefined => {
      const [table, codes] = codeTables[call.name] ?? ['', {}];
      if (Object.hasOwn(codes, name)) return `\`${table}.${name}\``;
      const isGood: readonly string[] = command?.goodCodes ?? [];
      return isGood.includes(name) ? `\`${result}\` with \`return_code\` ${name}` : undefined;
    };
    return [
      ...call.request.map((name) => ({ call, kind: 'request' as const, name, place: requestPlace(name) })),
      ...call.response.map((name) => ({ call, kind: 'response' as const, name, place: responsePlace(name) })),
      ...call.codes.map((name) => ({ call, kind: 'code' as const, name, place: codePlace(name) })),
    ];
  });
}

/** docs/field-mapping.md. */
export function fieldMappingPage(): string {
  const mapped = mapFields();
  const sections = vendorCalls.map((call) => {
    const rows = mapped
      .filter((one) => one.call === call)
      .map(({ kind, name, place }) => `| ${kind} | \`${name}\` | ${place} |`);
    const where = `${call.side === 'face' ? 'FaceService' : 'PayClient'}.${methodOf(call)}`;
    const table = rows.length === 0 ? ['Common fields only.'] : ['| | Vendor | Here |', '| --- | --- | --- |', ...rows];
    return [`## ${call.section} · ${call.name}`, '', `\`${where}\``, '', ...table].join('\n');
  });
  const list = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');
  return `# From the vendor's page to the types

Generated by \`npm run docs:field-mapping\` from the page's tables as transcribed in \`test/docs/vendor-fields.ts\`; a test walks
them against the command table, the parameter tables, the public types and the catalogues of error codes, so that nothing of
the page is missing. The last two sections are of the vendor's other pages, as far as those are known.

## 请求参数Req和响应结果Resp构成

Each command sends ${list(common.request)}, filled in by \`FaceService\`, and answers ${list(common.response)}
(\`FaceResponse\`). Of the common return_codes ${list(common.codes)} only SUCCESS is a value; each other one throws
\`ServiceCommandError\` with \`return_code\` and \`return_msg\`.

${sections.join('\n\n')}

## Left out

${leftOut.map(({ call, name, why }) => `- \`${call}\` \`${name}\`: ${why}`).join('\n')}
`;
}
