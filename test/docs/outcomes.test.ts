import { expect } from 'chai';
import type { AttentionCode, FailureCode, PaymentOutcome, Trouble } from 'wxpay-face';
import { readPage } from './pages.js';

/* Complete by their types, in the guide's order. */
const statuses: Record<PaymentOutcome['status'] | 'scan', true> = {
  paid: true,
  declined: true,
  failed: true,
  cancelled: true,
  scan: true,
  reversing: true,
  reversed: true,
  attention: true,
};
const failures: Record<FailureCode, true> = {
  dns: true,
  unreachable: true,
  'connect-timeout': true,
  tls: true,
  proxy: true,
  certificate: true,
  parameter: true,
  late: true,
  limit: true,
  closed: true,
  internal: true,
};
const attentions: Record<AttentionCode, true> = {
  'number-taken': true,
  'not-ours': true,
  'refunded-elsewhere': true,
  refused: true,
  certificate: true,
  'reverse-expired': true,
  denied: true,
  unreadable: true,
  'other-merchant': true,
};
const troubles: Record<Trouble, true> = {
  certificate: true,
  refused: true,
  limit: true,
  silence: true,
  journal: true,
};

/** The first cells of the rows under a table's head. */
function firstCells(text: string, head: string): string[] {
  const [, rows = ''] = text.split(`\n| ${head}`)[1]?.match(/^[^\n]*\n\|[-| ]+\|\n((?:\|[^\n]*\n)*)/) ?? [];
  return [...rows.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell = '']) => cell);
}

for (const [path, failed, attention] of [
  ['docs/guide/02-concepts.md', '`failed` with `code` |', '`attention` with `code` |'],
  ['docs/guide/zh/02-concepts.md', '`failed` 的 `code` |', '`attention` 的 `code` |'],
] as const)
  describe(`the guide to outcomes (${path})`, () => {
    const { text } = readPage(path);
    for (const [head, known] of Object.entries({
      '`status` |': statuses,
      [failed]: failures,
      [attention]: attentions,
      '`trouble` |': troubles,
    }))
      it(`explains each value of the table ${head}, and no other`, () => {
        expect(firstCells(text, head)).to.deep.equal(Object.keys(known));
      });
  });
