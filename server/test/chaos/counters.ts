import type { Books } from '../support/simulator-child.js';
import type { Row } from './books.js';

/* What /metrics says, held against the gateway's ledger and the database. */

type Samples = Readonly<Record<string, number>>;

/** Of those that have one of these labels; none is none. */
function summed(samples: Samples, name: string, ...labels: readonly string[]): number {
  const isMeant = (sample: string) =>
    (sample === name || sample.startsWith(`${name}{`)) && labels.every((label) => sample.includes(label));
  return Object.entries(samples).reduce((sum, [sample, value]) => sum + (isMeant(sample) ? value : 0), 0);
}

/**
 * What is counted in the journal: the same whichever server is asked, exact, whatever became of the servers that took the payments.
 * @param samples Of one server. @param rows, books When nothing is under way any more.
 */
export function wrongTotals(samples: Samples, rows: ReadonlyMap<string, Row>, books: Books): string[] {
  const wrong: string[] = [];
  const hold = (what: string, said: number, expected: number) => {
    if (said !== expected) wrong.push(`/metrics says ${what} ${said}, not ${expected}`);
  };
  const kinds = { payment: 'wxpay_face_payments_total', refund: 'wxpay_face_refunds_total' };
  for (const [kind, name] of Object.entries(kinds)) {
    const all = [...rows].filter(([key]) => key.startsWith(`${kind} `)).map(([, row]) => row);
    const ended = all.filter(({ finished }) => finished);
    for (const state of new Set(ended.map((row) => row.state)))
      hold(
        `${kind} ${state}`,
        summed(samples, name, `outcome=${state}`),
        ended.filter((row) => row.state === state).length,
      );
    hold(`${kind}s`, summed(samples, name), ended.length);
    const [open, needing] = [all.length - ended.length, ended.filter(({ state }) => state === 'attention').length];
    hold(`unfinished ${kind}s`, summed(samples, 'wxpay_face_unfinished', `kind=${kind}`), open);
    hold(`${kind}s for a person`, summed(samples, 'wxpay_face_attention', `kind=${kind}`), needing);
  }
  hold('unknown', summed(samples, 'wxpay_face_unknown'), 0);
  const { ledger, refunds } = books;
  // A refund takes nothing from what was paid once; a reversal does.
  const kept = ledger.filter(({ trade_state }) => trade_state === 'SUCCESS' || trade_state === 'REFUND');
  hold('paid', summed(samples, kinds.payment, 'outcome=paid'), kept.length);
  const given = refunds.filter(({ refund_status }) => refund_status === 'SUCCESS');
  hold('refunded', summed(samples, kinds.refund, 'outcome=refunded'), given.length);
  return wrong;
}

/**
 * What is counted in a process dies with it: those that live, together, can have seen no more than there was.
 * @param living Of each server that lives. @param takenOver How often anything was, by the database.
 */
export function wrongSums(living: readonly Samples[], books: Books, takenOver: number): string[] {
  const ofAll = (name: string, ...labels: readonly string[]): number =>
    living.reduce((sum, samples) => sum + summed(samples, name, ...labels), 0);
  const wrong: string[] = [];
  const holdBelow = (what: string, said: number, most: number) => {
    if (said > most) wrong.push(`/metrics of those that live say ${what} ${said}, and there were ${most}`);
  };
  const answered = ['SUCCESS', 'FAIL'].reduce(
    (sum, outcome) => sum + ofAll('wxpay_face_gateway_seconds_count', 'call=micropay', `outcome=${outcome}`),
    0,
  );
  const sent = [...books.payments.values()].reduce((sum, times) => sum + times, 0);
  holdBelow('payments that the gateway answered', answered, sent);
  holdBelow('take-overs', ofAll('wxpay_face_takeovers_total'), takenOver);
  return wrong;
}
