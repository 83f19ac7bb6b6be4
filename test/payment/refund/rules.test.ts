import { expect } from 'chai';
import {
  brokenRule,
  mostRefunds,
  type RefundedSale,
  type ReservedRefund,
  sendTimes,
} from '../../../lib/payment/decision/refund/rules.js';
import type { RefundPhase } from '../../../lib/payment/decision/refund/states.js';

const minute = 60_000;
const day = 24 * 60 * minute;
// 20241123120000 in Beijing.
const paid = Date.UTC(2024, 10, 23, 4);

const reserved = (refund_fee: number, phase: RefundPhase = 'sending'): ReservedRefund => ({
  out_refund_no: `R${refund_fee}`,
  refund_fee,
  at: paid,
  phase,
  facts: {},
});
const sale = (change: Partial<RefundedSale> = {}): RefundedSale => ({
  phase: 'paid',
  facts: { payment: { transaction_id: '42', total_fee: 100, time_end: '20241123120000', response: {} } },
  total_fee: 100,
  requested: { wall: paid - 5_000, run: '', monotonic: 0 },
  refunds: [],
  ...change,
});

describe('The rules of a refund', () => {
  it('let all and parts of a paid sale go back', () => {
    for (const refund_fee of [1, 100]) expect(brokenRule(sale(), refund_fee, paid)).to.equal(undefined);
  });

  it('refuse what was never paid, and what was given up', () => {
    for (const phase of ['submitting', 'polling', 'confirming', 'declined', 'failed', 'attention'] as const)
      expect(brokenRule(sale({ phase }), 1, paid), phase).to.equal('not-paid');
    for (const phase of ['reversing', 'reversed', 'cancelled'] as const)
      expect(brokenRule(sale({ phase }), 1, paid), phase).to.equal('given-up');
    expect(brokenRule(sale({ phase: 'attention', facts: { givenUp: true } }), 1, paid)).to.equal('given-up');
  });

  it('hold the sum within the sale, whatever is under way or in front of a person', () => {
    for (const phase of ['sending', 'accepted', 'confirming', 'refunded', 'attention'] as const) {
      const refunds = [reserved(30, phase), reserved(30, phase)];
      expect(brokenRule(sale({ refunds }), 40, paid), phase).to.equal(undefined);
      expect(brokenRule(sale({ refunds }), 41, paid), phase).to.equal('too-much');
    }
    for (const phase of ['refused', 'failed'] as const)
      expect(brokenRule(sale({ refunds: [reserved(100, phase)] }), 100, paid), phase).to.equal(undefined);
  });

  it('allow fifty', () => {
    const refunds = Array.from({ length: mostRefunds }, () => reserved(1, 'refunded'));
    expect(mostRefunds).to.equal(50);
    expect(brokenRule(sale({ refunds: refunds.slice(1) }), 1, paid)).to.equal(undefined);
    expect(brokenRule(sale({ refunds }), 1, paid)).to.equal('too-many');
    expect(brokenRule(sale({ refunds: [...refunds.slice(1), reserved(1, 'failed')] }), 1, paid)).to.equal(undefined);
  });

  it('allow a year since the payment, by the time that the gateway tells, else by the request', () => {
    expect(brokenRule(sale(), 1, paid + 365 * day)).to.equal(undefined);
    expect(brokenRule(sale(), 1, paid + 365 * day + 1)).to.equal('too-old');
    // 29 February 2024 lies between.
    const earlier = Date.UTC(2023, 10, 23, 4);
    const untimed = { facts: {}, requested: { wall: 0, run: '', monotonic: 0, gateway: earlier } };
    expect(brokenRule(sale(untimed), 1, earlier + 366 * day)).to.equal(undefined);
    expect(brokenRule(sale(untimed), 1, earlier + 366 * day + 1)).to.equal('too-old');
    const local = { facts: {}, requested: { wall: earlier, run: '', monotonic: 0 } };
    expect(brokenRule(sale(local), 1, earlier + 366 * day + 1)).to.equal('too-old');
  });

  it('have two of one order leave a minute apart, in the order in which they were reserved', () => {
    const at = (...moments: number[]) => sendTimes(moments.map((each) => ({ at: each })));
    expect(at(0)).to.deep.equal([0]);
    expect(at(0, 0, 0)).to.deep.equal([0, minute, 2 * minute]);
    expect(at(0, minute - 1)).to.deep.equal([0, minute]);
    expect(at(0, minute)).to.deep.equal([0, minute]);
    expect(at(0, 10, 3 * minute)).to.deep.equal([0, minute, 3 * minute]);
  });

  it('have none wait for ever because a clock was wrong', () => {
    expect(sendTimes([{ at: 1000 * day }, { at: 0 }, { at: 0 }])).to.deep.equal([1000 * day, minute, 2 * minute]);
  });
});
