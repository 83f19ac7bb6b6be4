import { expect } from 'chai';
import type { PaymentOutcome } from 'wxpay-face';
import { attentions, failures, troubles } from '../words/cases.js';
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
