// Writes docs/payment-states.md and docs/refund-states.md from the tables in lib/payment/decision/; with --check tells only
// whether they are current.
// The folder of the compiled table may be named; default: that of "npm run compile".
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { argv, exit } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

// Mermaid takes a colon for the beginning of a label, and a semicolon for its end.
const label = (text) => text.replaceAll(/[:;]/g, ' ');

function diagram({ first, transitions, finalPhases, phases }) {
  const edges = new Map();
  for (const { from, to, on, when } of transitions) {
    if (from === to) continue;
    const words = when === undefined ? on.join(', ') : `${on.join(', ')} [${when}]`;
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

const row = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const table = (head, rows) => [head, head.map(() => '---'), ...rows].map(row).join('\n');
const code = (text) => `\`${text}\``;

const pages = [
  {
    file: 'payment-states.md',
    folder: '.',
    first: 'submitting',
    intro: `# The states of a payment

Generated from \`lib/payment/decision/transitions.ts\` by \`npm run docs:payment-states\`.

Every payment ends **paid**, **not charged** (declined, failed, cancelled, reversed), or in front of a person (**attention**). Each
change of state is in the journal before anything follows from it. A final state stays, but for a paid sale that is given up
by \`cancel()\`, and an \`attention\` that says it may be.`,
  },
  {
    file: 'refund-states.md',
    folder: 'refund',
    first: 'sending',
    intro: `# The states of a refund

Generated from \`lib/payment/decision/refund/transitions.ts\` by \`npm run docs:payment-states\`.

Every refund ends **refunded**, with **nothing given back** (refused, failed), or in front of a person (**attention**). It's sent always
with the same number and the same parameters, so that it gives back once. Each change of state is in the journal before anything
follows from it. A final state stays, but for an \`attention\` about key or certificate, which \`refund()\` of the same number
takes up again.`,
  },
];

function page(machine) {
  const { intro, phases, finalPhases, events, transitions } = machine;
  return `${intro}

\`\`\`mermaid
${diagram(machine)}
\`\`\`

## States

${table(
  ['state', 'meaning', 'final'],
  Object.entries(phases).map(([phase, meaning]) => [code(phase), meaning, finalPhases.has(phase) ? 'yes' : '']),
)}

## Events

${table(
  ['event', 'when'],
  Object.entries(events).map(([event, when]) => [code(event), when]),
)}

## Transitions

Of the rows for a state and an event the first whose condition holds; what no row names changes nothing.

${table(
  ['state', 'event', 'condition', 'next state', 'then'],
  transitions.map(({ from, on, when, to, next }) => [
    code(from),
    on.map(code).join(', '),
    when ?? '',
    from === to ? '' : code(to),
    next === 'end' || next === 'continue' ? '' : next,
  ]),
)}
`;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const [compiled = resolve(root, 'build/js/lib/payment/decision')] = argv.slice(2).filter((word) => word !== '--check');
for (const { file: name, folder, ...about } of pages) {
  const part = (module) => import(pathToFileURL(resolve(compiled, folder, module)).href);
  const file = resolve(root, 'docs', name);
  const text = page({ ...about, ...(await part('states.js')), ...(await part('transitions.js')) });
  if (!argv.includes('--check')) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8').replaceAll('\r\n', '\n') !== text) {
    console.error(`docs/${name} is out of date: npm run docs:payment-states`);
    exit(1);
  }
}
