import * as refundStates from '../../lib/payment/decision/refund/states.js';
import { transitions as refundTransitions } from '../../lib/payment/decision/refund/transitions.js';
import * as paymentStates from '../../lib/payment/decision/states.js';
import { transitions as paymentTransitions } from '../../lib/payment/decision/transitions.js';
import { code, type Language, table, type Words } from './languages.js';
import { paymentWords, refundWords } from './state-words.js';

interface Row {
  readonly from: string;
  readonly on: readonly string[];
  readonly when?: string;
  readonly to: string;
  readonly next: string;
}

/** A machine as a page shows it: its tables, and what they say in Chinese. */
interface Machine {
  readonly first: string;
  readonly intro: Words;
  readonly phases: Readonly<Record<string, string>>;
  readonly finalPhases: ReadonlySet<string>;
  readonly events: Readonly<Record<string, string>>;
  readonly transitions: readonly Row[];
  readonly chinese: Readonly<Record<'phases' | 'events' | 'guards' | 'plans', Readonly<Record<string, string>>>>;
}

/** The pages by their names. */
const machines: Readonly<Record<'payment-states.md' | 'refund-states.md', Machine>> = {
  'payment-states.md': {
    ...paymentStates,
    transitions: paymentTransitions,
    first: 'submitting',
    chinese: paymentWords,
    intro: {
      en: `# The states of a payment

Generated from \`lib/payment/decision/transitions.ts\` by \`npm run docs:payment-states\`.

Every payment ends **paid**, **not charged** (declined, failed, cancelled, reversed), or in front of a person (**attention**). Each
change of state is in the journal before anything follows from it. A final state stays, but for a paid sale that is given up
by \`cancel()\`, and an \`attention\` that says it may be.`,
      zh: `# 支付的状态

由 \`npm run docs:payment-states\` 根据 \`lib/payment/decision/transitions.ts\` 生成。

每笔支付最后要么**已支付**（paid），要么**没有扣款**（declined、failed、cancelled、reversed），要么**交给人处理**（attention）。每次状态变化都先写入
流水，再去做后面的事。终态不再改变，只有两种例外：已支付的交易被 \`cancel()\` 放弃；以及写明仍可放弃的 \`attention\`。`,
    },
  },
  'refund-states.md': {
    ...refundStates,
    transitions: refundTransitions,
    first: 'sending',
    chinese: refundWords,
    intro: {
      en: `# The states of a refund

Generated from \`lib/payment/decision/refund/transitions.ts\` by \`npm run docs:payment-states\`.

Every refund ends **refunded**, with **nothing given back** (refused, failed), or in front of a person (**attention**). It's sent always
with the same number and the same parameters, so that it gives back once. Each change of state is in the journal before anything
follows from it. A final state stays, but for an \`attention\` about key or certificate, which \`refund()\` of the same number
takes up again.`,
      zh: `# 退款的状态

由 \`npm run docs:payment-states\` 根据 \`lib/payment/decision/refund/transitions.ts\` 生成。

每笔退款最后要么**已退回**（refunded），要么**没有退回**（refused、failed），要么**交给人处理**（attention）。它总是以同一个单号、同样的参数发送，
所以只退一次。每次状态变化都先写入流水，再去做后面的事。终态不再改变，只有因密钥或证书而来的 \`attention\` 例外：用同一个单号再调用
\`refund()\`，会接着处理。`,
    },
  },
};

export type StatesPage = keyof typeof machines;

const texts = {
  states: { en: 'States', zh: '状态' },
  state: { en: 'state', zh: '状态' },
  meaning: { en: 'meaning', zh: '含义' },
  final: { en: 'final', zh: '终态' },
  yes: { en: 'yes', zh: '是' },
  events: { en: 'Events', zh: '事件' },
  event: { en: 'event', zh: '事件' },
  occasion: { en: 'when', zh: '什么时候发生' },
  transitions: { en: 'Transitions', zh: '状态转移' },
  rule: {
    en: 'Of the rows for a state and an event the first whose condition holds; what no row names changes nothing.',
    zh: '同一状态、同一事件有几行时，取条件成立的第一行；哪一行都没有提到的，什么也不改变。',
  },
  condition: { en: 'condition', zh: '条件' },
  to: { en: 'next state', zh: '下一状态' },
  next: { en: 'then', zh: '接着' },
} as const satisfies Record<string, Words>;

// Mermaid takes a colon for the beginning of a label, and a semicolon for its end.
const label = (text: string): string => text.replaceAll(/[:;]/g, ' ');

function diagram({ first, transitions, finalPhases, phases }: Machine, guard: (name: string) => string): string {
  const edges = new Map<string, string[]>();
  for (const { from, to, on, when } of transitions) {
    if (from === to) continue;
    const words = when === undefined ? on.join(', ') : `${on.join(', ')} [${guard(when)}]`;
    edges.set(`${from} --> ${to}`, [...(edges.get(`${from} --> ${to}`) ?? []), words]);
  }
  return [
    'stateDiagram-v2',
    `  [*] --> ${first}`,
    ...[...edges].map(([edge, words]) => `  ${edge} : ${label(words.join('<br>'))}`),
    ...Object.keys(phases)
      .filter((phase) => finalPhases.has(phase))
      .map((phase) => `  ${phase} --> [*]`),
  ].join('\n');
}

/** docs/payment-states.md, docs/refund-states.md, and both in Chinese. */
export function statesPage(name: StatesPage, language: Language): string {
  const machine = machines[name];
  const { phases, finalPhases, events, transitions, chinese, intro } = machine;
  const say = (words: Words): string => words[language];
  const of = (kind: keyof typeof chinese, key: string, english: string): string =>
    language === 'en' ? english : (chinese[kind][key] ?? '');
  const planOf = (next: string): string => of('plans', next, next === 'end' || next === 'continue' ? '' : next);
  return `${say(intro)}

\`\`\`mermaid
${diagram(machine, (when) => of('guards', when, when))}
\`\`\`

## ${say(texts.states)}

${table(
  [texts.state, texts.meaning, texts.final].map(say),
  Object.entries(phases).map(([phase, meaning]) => [
    code(phase),
    of('phases', phase, meaning),
    finalPhases.has(phase) ? say(texts.yes) : '',
  ]),
)}

## ${say(texts.events)}

${table(
  [texts.event, texts.occasion].map(say),
  Object.entries(events).map(([event, when]) => [code(event), of('events', event, when)]),
)}

## ${say(texts.transitions)}

${say(texts.rule)}

${table(
  [texts.state, texts.event, texts.condition, texts.to, texts.next].map(say),
  transitions.map(({ from, on, when, to, next }) => [
    code(from),
    on.map(code).join(language === 'en' ? ', ' : '、'),
    when === undefined ? '' : of('guards', when, when),
    from === to ? '' : code(to),
    planOf(next),
  ]),
)}
`;
}
