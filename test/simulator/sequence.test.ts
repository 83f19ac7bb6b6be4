import { expect } from 'chai';
import type { CallEntry, SimulatorEvent } from '../../lib/simulator/call-log.js';
import { moodOf, paymentsOf, stateOf } from '../../lib/simulator/console/page/sequence.js';

/** A log in short: `name`, `name order`, `name order=answer`. */
function logOf(...lines: string[]): { events: SimulatorEvent[]; calls: Record<number, CallEntry> } {
  const calls: Record<number, CallEntry> = {};
  const events = lines.flatMap((line, call): SimulatorEvent[] => {
    const [, name = '', out_trade_no, answer = 'SUCCESS'] = /^(\w+)(?: (\w+))?(?:=(\w+))?$/.exec(line) ?? [];
    const to = name.includes('xpayface') && !name.startsWith('get_') ? 'face' : 'pay';
    calls[call] = { at: call, to, name, answer, request: {}, ...(out_trade_no ? { out_trade_no } : {}) };
    return [
      { at: call, kind: 'request', call },
      { at: call, kind: 'response', call },
    ];
  });
  return { events, calls };
}

/** The names of each payment's calls. */
function sorted(...lines: string[]): string[][] {
  const { events, calls } = logOf(...lines);
  return paymentsOf({ events, calls }).map((payment) =>
    payment.events.flatMap((event) => (event.kind === 'request' ? [calls[event.call]?.name ?? ''] : [])),
  );
}

const preparation = ['initWxpayface', 'getWxpayfaceRawdata', 'get_wxpayface_authinfo'];

describe('The console’s sequence', () => {
  it('gives the preparation to the payment that follows it', () => {
    const payment = [...preparation, 'getWxpayfaceCode A', 'micropay A', 'updateWxpayfacePayResult'];
    expect(sorted(...payment)).to.have.length(1);
    expect(sorted(...payment, ...payment.map((line) => line.replace('A', 'B')))).to.deep.equal([
      payment.map((line) => line.replace(' A', '')),
      payment.map((line) => line.replace(' A', '')),
    ]);
  });

  it('begins a payment with each recognition, also where none names its order', () => {
    expect(
      sorted('getWxpayfaceCode', 'micropay A', 'updateWxpayfacePayResult', 'getWxpayfaceCode', 'micropay B'),
    ).to.deep.equal([
      ['getWxpayfaceCode', 'micropay', 'updateWxpayfacePayResult'],
      ['getWxpayfaceCode', 'micropay'],
    ]);
  });

  it('begins a payment with a scanned code, which needs no face', () => {
    expect(sorted('getWxpayfaceCode A', 'micropay A', 'micropay B', 'orderquery B')).to.deep.equal([
      ['getWxpayfaceCode', 'micropay'],
      ['micropay', 'orderquery'],
    ]);
  });

  it('gives a late reversal to the order that it is about, and what follows to the payment before the camera', () => {
    expect(
      sorted('getWxpayfaceCode A', 'micropay A', 'getWxpayfaceCode B', 'reverse A', 'orderquery A', 'stopWxpayface'),
    ).to.deep.equal([
      ['getWxpayfaceCode', 'micropay', 'reverse', 'orderquery'],
      ['getWxpayfaceCode', 'stopWxpayface'],
    ]);
  });

  it('keeps a recovered order out of the payment that is being prepared', () => {
    expect(sorted('initWxpayface', 'orderquery Z', 'getWxpayfaceRawdata', 'getWxpayfaceCode A')).to.deep.equal([
      ['initWxpayface', 'getWxpayfaceRawdata', 'getWxpayfaceCode'],
      ['orderquery'],
    ]);
  });

  it('puts a second preparation for the same order into its payment', () => {
    expect(sorted('getWxpayfaceCode A=ERROR', ...preparation, 'getWxpayfaceCode A')).to.deep.equal([
      ['getWxpayfaceCode', ...preparation, 'getWxpayfaceCode'],
    ]);
  });

  it('tells how a payment stands: by the ledger, else by what the till was told', () => {
    const stands = (...lines: string[]) => {
      const { events, calls } = logOf(...lines);
      const [payment] = paymentsOf({ events, calls });
      const ledger = [{ out_trade_no: 'P', trade_state: 'REVOKED', total_fee: 1, charged: 1, refunded: 1 }] as const;
      return payment && stateOf(payment, { calls, ledger });
    };
    expect(stands('getWxpayfaceCode P', 'micropay P=USERPAYING')).to.equal('REVOKED');
    expect(stands('getWxpayfaceCode A=USER_CANCEL')).to.equal('USER_CANCEL');
    expect(stands('getWxpayfaceCode A', 'micropay A=NOTENOUGH', 'orderquery A=ORDERNOTEXIST')).to.equal('NOTENOUGH');
    expect(stands('getWxpayfaceCode A')).to.equal('');
    expect(['SUCCESS', '', 'REVOKED', 'NOTENOUGH'].map(moodOf)).to.deep.equal(['good', 'wait', 'quiet', 'bad']);
  });
});
