import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { ClosedError, InvalidParameterError } from '../../lib/errors.js';
import { JournalError } from '../../lib/journal/errors.js';
import { PayMismatchError, PayResponseError, PaySignatureError } from '../../lib/pay/errors.js';
import type { QueryResult } from '../../lib/pay/results.js';
import type { PaymentProgress } from '../../lib/payment/progress.js';
import { rejection } from '../support/rejection.js';
import { charged, failed, isPaid, reversed, type Scripts, state, times } from '../support/scripted/client.js';
import {
  awaiting,
  code,
  fragile,
  lost,
  methods,
  missing,
  order,
  paid,
  refused,
  till,
  unsent,
} from '../support/scripted/till.js';

describe('A payment', () => {
  it('that was charged is told with what the gateway said of it, but for what served the wire only', async () => {
    const { pay, client, journal } = till({ micropay: [charged('A1', 100)] });
    const outcome = await pay();
    expect(outcome).to.deep.include({
      status: 'paid',
      out_trade_no: 'A1',
      total_fee: 100,
      cash_fee: 100,
      transaction_id: '1008450740201411110005820873',
      openid: 'oUpF8uN95-Ptaags6E_roPHg7AG0',
      time_end: '20241123120000',
    });
    expect(outcome).to.have.property('response').that.does.not.have.any.keys('sign', 'nonce_str');
    expect(methods(client.calls)).to.deep.equal(['micropay']);
    expect(await journal.get('payment', 'A1')).to.include({
      state: 'paid',
      finished: true,
      acknowledged: false,
      revision: 2,
    });
  });

  it('goes to the rail of its code, with the fields of its order', async () => {
    const { clock, client, processor } = till(
      {
        facepay: [lost],
        facepayquery: [state('ACCEPT'), state('NOTPAY'), state('REVOKED')],
        facepayreverse: [reversed()],
      },
      { ...awaiting, polling: { timeout: 7_000 }, reversal: { mode: 'await' } },
    );
    const given = { ...order, profit_sharing: 'Y', extra: { sub_openid: 'other' } } as const;
    await clock.until(processor.pay(given, { face_code: 'abc123', openid: 'someone' }));
    expect([...new Set(methods(client.calls))]).to.deep.equal(['facepay', 'facepayquery', 'facepayreverse']);
    expect(client.calls[0]?.params).to.deep.equal({
      ...order,
      profit_sharing: 'Y',
      sub_openid: 'other',
      face_code: 'abc123',
      openid: 'someone',
    });
  });

  it('is in the journal, without its code, before its request leaves', async () => {
    const { clock, client, journal, processor } = till({ micropay: ['never'] });
    const calls: number[] = [];
    const create = journal.create.bind(journal);
    journal.create = async (record) => {
      calls.push(client.calls.length);
      await create(record);
      calls.push(client.calls.length);
    };
    void processor.pay(order, code).catch(() => undefined);
    await clock.run(undefined, 0);
    expect(calls).to.deep.equal([0, 0]);
    expect(client.calls).to.have.length(1);
    expect(JSON.stringify(await journal.get('payment', 'A1'))).to.not.include(code.auth_code);
  });

  it('is refused, and nothing is sent, where the journal cannot be written', async () => {
    const { pay, client } = till({}, { journal: fragile(() => true) });
    expect(await rejection(pay())).to.be.instanceOf(JournalError);
    expect(client.calls).to.deep.equal([]);
  });

  it('is sent once where two are started with one number', async () => {
    const { clock, client, processor } = till({ micropay: [charged('A1', 100)] });
    const both = Promise.allSettled([processor.pay(order, code), processor.pay(order, code)]);
    const results = await clock.until(both);
    expect(results.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
    expect(await rejection(processor.pay(order, code))).to.include({ code: 'ERR_ORDER_EXISTS' });
    expect(methods(client.calls)).to.deep.equal(['micropay']);
  });

  it('is refused before anything is written where order or code are wrong', async () => {
    const { journal, processor } = till({});
    expect(await rejection(processor.pay({ ...order, total_fee: 0.5 }, code))).to.include({ parameter: 'total_fee' });
    expect(await rejection(processor.pay(order, { auth_code: '1' }))).to.include({ parameter: 'auth_code' });
    expect(await journal.get('payment', 'A1')).to.equal(undefined);
  });

  it('is refused before anything is written where its signal is none', async () => {
    const { journal, client, processor } = till({});
    // As a program in JavaScript might.
    const payment = Reflect.apply(processor.pay, processor, [order, code, { signal: {} }]);
    expect(await rejection(payment)).to.include({ code: 'ERR_INVALID_PARAMETER', parameter: 'signal' });
    expect(await journal.get('payment', 'A1')).to.equal(undefined);
    expect(client.calls).to.deep.equal([]);
  });

  it('can be acknowledged as soon as its end is told', async () => {
    const { clock, processor, journal } = till({ micropay: [charged('A1', 100)] });
    const heard: Array<Promise<void>> = [];
    const onProgress = ({ phase }: PaymentProgress) => {
      if (phase === 'finished')
        heard.push(
          processor.outcome('A1').then((outcome) => processor.acknowledge(outcome ?? expect.fail('no outcome'))),
        );
    };
    await clock.until(processor.pay(order, code, { onProgress }));
    await Promise.all(heard);
    expect(await journal.get('payment', 'A1')).to.include({ state: 'paid', acknowledged: true });
  });

  it('of which nothing reached the gateway has failed', async () => {
    const { pay, client } = till({ micropay: [unsent] });
    expect(await pay()).to.deep.equal({
      status: 'failed',
      out_trade_no: 'A1',
      revision: 2,
      code: 'unreachable',
      reason: 'connection refused',
    });
    expect(client.calls).to.have.length(1);
  });

  const unknown: Record<string, NonNullable<Scripts['micropay']>[number]> = {
    'got no answer in time': lost,
    'got an answer whose signature is wrong': new PaySignatureError('wrong'),
    'got an HTML page': new PayResponseError('HTTP 502'),
    'got an answer about another order': new PayMismatchError('out_trade_no', 'a replay'),
    'got an answer about another amount': charged('A1', 101),
    'met a bug': new TypeError('undefined is no function'),
    'was refused without a signature': refused,
    'waits for the password': failed('USERPAYING'),
    'was answered SYSTEMERROR': failed('SYSTEMERROR'),
    'was answered BANKERROR': failed('BANKERROR'),
    'was answered with a code that nobody has listed': failed('RULE_LIMIT_2031'),
    'was answered with a code that is the name of a property': failed('constructor'),
  };
  for (const [words, answer] of Object.entries(unknown))
    it(`that ${words} is queried`, async () => {
      const { pay, client } = till({ micropay: [answer], orderquery: [missing, paid] });
      expect(await pay()).to.include({ status: 'paid', out_trade_no: 'A1' });
      expect(times(client.calls, 'orderquery')).to.deep.equal([5000, 10000]);
    });

  it('is queried every five seconds, after thirty reversed, until a query shows it', async () => {
    const asked = Array.from({ length: 5 }, () => state('USERPAYING'));
    const { pay, client } = till(
      {
        micropay: [failed('USERPAYING')],
        orderquery: [...asked, paid, failed('SYSTEMERROR'), lost, state('REVOKED')],
        reverse: [failed('SYSTEMERROR'), reversed('Y'), reversed()],
      },
      { reversal: { mode: 'await', backoff: { jitter: 0 } } },
    );
    expect(await pay()).to.deep.equal({ status: 'reversed', out_trade_no: 'A1', revision: 5, why: 'unknown' });
    // Once more before the first reversal, and after each.
    expect(times(client.calls, 'orderquery')).to.deep.equal([
      5000, 10000, 15000, 20000, 25000, 30000, 30000, 31000, 33000,
    ]);
    expect(times(client.calls, 'reverse')).to.deep.equal([30000, 31000, 33000]);
  });

  it('that is given up is told as reversing at once, and how it ended to whoever asks', async () => {
    const { pay, processor, clock, client } = till({ micropay: [lost], orderquery: [missing], reverse: [reversed()] });
    const given = { out_trade_no: 'A1', why: 'unknown' };
    expect(await pay()).to.deep.equal({ status: 'reversing', ...given, revision: 3 });
    expect(clock.monotonic()).to.equal(30000);
    expect(await processor.outcome('A1')).to.deep.equal({ status: 'reversing', ...given, revision: 3 });
    expect(await clock.until(processor.settled('A1'))).to.deep.equal({ status: 'reversed', ...given, revision: 4 });
    // Missing at 300 seconds proves nothing by itself: one more reversal, one more query.
    const [asked, reversals] = [times(client.calls, 'orderquery'), times(client.calls, 'reverse')];
    expect(asked.filter((at) => at >= 300_000)).to.have.length(2);
    expect(reversals.at(-1)).to.be.above(asked.at(-2) ?? 0);
  });

  it('is reversed for as long as the gateway says "later", and then some', async () => {
    const later = Array.from({ length: 500 }, () => state('USERPAYING'));
    const { pay, client, clock } = till(
      { micropay: [lost], orderquery: [...later, state('CLOSED')], reverse: [failed('USERPAYING')] },
      awaiting,
    );
    expect(await pay()).to.include({ status: 'reversed' });
    expect(times(client.calls, 'reverse').length).to.be.above(400);
    expect(clock.monotonic()).to.be.above(400 * 45_000);
  });

  const confirmations: ReadonlyArray<[query: QueryResult, outcome: object]> = [
    [missing, { status: 'declined', err_code: 'NOTENOUGH', err_code_des: '余额不足' }],
    [state('NOTPAY'), { status: 'declined', err_code: 'NOTENOUGH' }],
    [state('CLOSED'), { status: 'declined', err_code: 'NOTENOUGH' }],
    [state('REVOKED'), { status: 'declined', err_code: 'NOTENOUGH' }],
    [paid, { status: 'paid' }],
    [state('REFUND'), { status: 'attention' }],
    [isPaid('A1', 101), { status: 'attention' }],
  ];
  for (const [query, outcome] of confirmations)
    it(`that was declined is ${inspect(outcome, { breakLength: Number.POSITIVE_INFINITY })} at once where a query says ${'trade_state' in query ? query.trade_state : 'ORDERNOTEXIST'}`, async () => {
      const { pay, clock } = till({ micropay: [failed('NOTENOUGH', '余额不足')], orderquery: [query] });
      expect(await pay()).to.include(outcome);
      expect(clock.monotonic()).to.equal(0);
    });

  it('that was declined, with a PAYERROR, is reversed, then declined', async () => {
    const { pay, client } = till(
      { micropay: [failed('NOTENOUGH')], orderquery: [state('PAYERROR'), state('REVOKED')], reverse: [reversed()] },
      awaiting,
    );
    expect(await pay()).to.include({ status: 'declined', err_code: 'NOTENOUGH' });
    expect(times(client.calls, 'reverse')).to.deep.equal([15000]);
  });

  it('that was declined goes on as unknown where the query is not answered, or the customer is still asked', async () => {
    for (const first of [lost, state('USERPAYING'), state('ACCEPT')]) {
      const { pay, client } = till({ micropay: [failed('NOTENOUGH')], orderquery: [first, paid] });
      expect(await pay()).to.include({ status: 'paid' });
      expect(times(client.calls, 'orderquery')).to.deep.equal([0, 5000]);
    }
  });

  for (const taken of ['ORDERPAID', 'OUT_TRADE_NO_USED'])
    it(`that is answered ${taken} has another sale's number: never paid, never reversed`, async () => {
      const { pay, client, clock } = till({ micropay: [failed(taken)] });
      expect(await pay())
        .to.have.property('reason')
        .that.includes(taken);
      await clock.run();
      expect(methods(client.calls)).to.deep.equal(['micropay']);
    });

  const ends: ReadonlyArray<[query: QueryResult, outcome: object]> = [
    [state('CLOSED'), { status: 'reversed' }],
    [state('REVOKED'), { status: 'reversed' }],
    [state('REFUND'), { status: 'attention' }],
    [isPaid('A1', 99), { status: 'attention' }],
  ];
  for (const [query, outcome] of ends)
    it(`that is unknown is ${inspect(outcome)} where a query says ${query.trade_state} of ${query.total_fee ?? 100} fen`, async () => {
      const { pay, client } = till({ micropay: [lost], orderquery: [query] });
      expect(await pay()).to.include(outcome);
      expect(times(client.calls, 'reverse')).to.deep.equal([]);
    });

  it('goes before a person where a query for its number is about another merchant, but not where it is about another number', async () => {
    const merchant = new PayMismatchError('mch_id', 'another merchant');
    const number = new PayMismatchError('out_trade_no', 'another number');
    expect(await till({ micropay: [lost], orderquery: [merchant] }).pay()).to.include({ status: 'attention' });
    expect(await till({ micropay: [lost], orderquery: [number, paid] }).pay()).to.include({ status: 'paid' });
  });

  it('with a PAYERROR is reversed, since it may still be charged', async () => {
    const { pay, client } = till(
      { micropay: [lost], orderquery: [state('PAYERROR'), paid, state('REVOKED')], reverse: [reversed()] },
      awaiting,
    );
    expect(await pay()).to.include({ status: 'reversed' });
    expect(times(client.calls, 'reverse')[0]).to.equal(15000);
  });

  it('goes before a person, with the advice to refund, where it can no longer be reversed', async () => {
    const expired = failed('REVERSE_EXPIRE', '订单有7天的撤销有效期');
    const { pay } = till({ micropay: [lost], orderquery: [state('USERPAYING')], reverse: [expired] }, awaiting);
    expect(await pay())
      .to.have.property('reason')
      .that.matches(/REVERSE_EXPIRE 订单有7天的撤销有效期.*refund it by hand/);
  });

  it('goes before a person after the polling time where the gateway refuses the key', async () => {
    const { pay, clock } = till({ micropay: [refused], orderquery: [lost, refused] });
    expect(await pay())
      .to.have.property('reason')
      .that.includes('签名错误');
    expect(clock.monotonic()).to.equal(30000);
  });

  it('goes before a person where the gateway refuses the key for settleAfter, also after verified answers', async () => {
    const { pay, clock, client } = till(
      { micropay: [failed('SYSTEMERROR')], orderquery: [state('USERPAYING'), refused], reverse: [refused] },
      awaiting,
    );
    expect(await pay()).to.include({ status: 'attention' });
    expect(clock.monotonic()).to.be.at.least(5_000 + 300_000);
    expect(methods(client.calls)).to.include('reverse');
  });

  it('is reversed although its request never ends, after settleAfter', async () => {
    const { pay, clock, client } = till(
      { micropay: ['never'], orderquery: [state('NOTPAY'), state('REVOKED')], reverse: [reversed()] },
      awaiting,
    );
    expect(await pay()).to.include({ status: 'reversed' });
    expect(clock.monotonic()).to.be.at.least(300_000);
    expect(methods(client.calls)).to.deep.equal(['micropay', 'orderquery', 'reverse', 'orderquery']);
  });

  it('has failed where the client was closed before it could send', async () => {
    const { pay } = till({ micropay: [new ClosedError('The payment client')] });
    expect(await pay()).to.include({ status: 'failed' });
  });

  it('goes before a person after settleAfter where its answer was lost and all else is refused', async () => {
    const { pay, clock } = till({ micropay: [lost], orderquery: [refused], reverse: [refused] }, awaiting);
    expect(await pay()).to.include({ status: 'attention' });
    expect(clock.monotonic()).to.be.within(300_000, 400_000);
  });

  it('goes before a person where the till has no certificate to reverse it with; cancel() takes it up when it has', async () => {
    const script = {
      micropay: [lost],
      orderquery: [paid],
      reverse: [new InvalidParameterError('certificate', 'is required'), reversed()],
    };
    const { clock, processor } = till(
      { ...script, orderquery: [state('USERPAYING'), state('USERPAYING'), state('REVOKED')] },
      { ...awaiting, polling: { timeout: 6_000 } },
    );
    expect(await clock.until(processor.pay(order, code)))
      .to.have.property('reason')
      .that.includes('certificate');
    expect(await clock.until(processor.cancel('A1'))).to.include({ status: 'reversed' });
  });

  it('is not disturbed by a wall clock that jumps by years', async () => {
    const { clock, pay, client, journal } = till(
      { micropay: [lost], orderquery: [missing], reverse: [reversed()] },
      awaiting,
    );
    for (const [at, years] of [
      [1_000, 30],
      [12_000, -50],
      [40_000, 7],
    ] as const)
      clock.at(at, () => clock.jump(years * 365 * 86_400_000));
    await pay();
    expect(times(client.calls, 'orderquery').slice(0, 5)).to.deep.equal([5000, 10000, 15000, 20000, 25000]);
    expect(times(client.calls, 'reverse')[0]).to.equal(30000);
    expect((await journal.get('payment', 'A1'))?.updatedAt).to.equal(clock.wall());
  });

  it('tells its progress, also to a display that throws, and to the channel, without its code', async () => {
    const { clock, processor } = till({
      micropay: [failed('USERPAYING', '需要输入密码')],
      orderquery: [state('USERPAYING'), paid],
    });
    const [seen, published]: [PaymentProgress[], unknown[]] = [[], []];
    const listen = (message: unknown) => void published.push(message);
    subscribe('wxpay-face.payment.phase', listen);
    const show = (progress: PaymentProgress): void => {
      seen.push(progress);
      throw new Error('broken display');
    };
    // In JavaScript it may as well be asynchronous.
    const onProgress = (progress: PaymentProgress) => (seen.length % 2 === 0 ? show(progress) : showLater(progress));
    const showLater = async (progress: PaymentProgress) => show(progress);
    await clock.until(processor.pay(order, code, { onProgress }));
    unsubscribe('wxpay-face.payment.phase', listen);
    const out_trade_no = 'A1';
    const until = clock.wall() - clock.monotonic() + 30_000;
    expect(seen).to.deep.equal([
      { out_trade_no, phase: 'submitting', step: 'sending', until },
      { out_trade_no, phase: 'querying', step: 'password', until, detail: 'USERPAYING 需要输入密码' },
      { out_trade_no, phase: 'querying', step: 'password', until, attempt: 1 },
      { out_trade_no, phase: 'querying', step: 'password', until, attempt: 2 },
      { out_trade_no, phase: 'finished', step: 'finished', detail: 'paid' },
    ]);
    expect(published).to.have.length(seen.length);
    expect(JSON.stringify(published)).to.not.include(code.auth_code);
  });

  it('keeps the note of whoever asked for it, from its first record to its last', async () => {
    const { clock, journal, processor, client } = till({ micropay: [lost], orderquery: [paid] });
    const note = { terminal: 'T1', attempt: 'K1' };
    const paying = processor.pay(order, code, { note });
    await clock.run(undefined, 1);
    expect((await journal.get('payment', 'A1'))?.data).to.deep.include({ note });
    note.terminal = 'changed';
    await clock.until(paying);
    await processor.acknowledge(await paying);
    expect((await journal.get('payment', 'A1'))?.data.note).to.deep.equal({ terminal: 'T1', attempt: 'K1' });
    for (const wrong of ['T1', { terminal: 1 }, []]) {
      const refused = Reflect.apply(processor.pay, processor, [
        { ...order, out_trade_no: 'A2' },
        code,
        { note: wrong },
      ]);
      expect(await rejection(refused)).to.be.instanceOf(InvalidParameterError);
    }
    expect(methods(client.calls)).to.deep.equal(['micropay', 'orderquery']);
  });

  it('is told when its result is durable, and not before', async () => {
    let isFull = false;
    const { clock, journal, processor, pay } = till(
      { micropay: [charged('A1', 100)] },
      { journal: fragile((state) => isFull && state === 'paid') },
    );
    isFull = true;
    expect(await rejection(pay())).to.be.instanceOf(JournalError);
    expect(await journal.get('payment', 'A1')).to.include({ state: 'submitting' });
    const settled = processor.settled('A1');
    clock.at(10_000, () => {
      isFull = false;
    });
    expect(await clock.until(settled)).to.include({ status: 'paid' });
  });
});
