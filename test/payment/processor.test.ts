import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { ClosedError, InvalidParameterError } from '../../lib/errors.js';
import { JournalError } from '../../lib/journal/errors.js';
import { PayMismatchError, PayResponseError, PaySignatureError } from '../../lib/pay/errors.js';
import type { QueryResult } from '../../lib/pay/types.js';
import { systemClock } from '../../lib/payment/clock.js';
import type { PaymentOutcome } from '../../lib/payment/decision/outcomes.js';
import type { PaymentProcessorOptions } from '../../lib/payment/processor.js';
import type { PaymentProgress } from '../../lib/payment/progress.js';
import { rejection } from '../support/rejection.js';
import { charged, failed, identity, isPaid, reversed, type Scripts, state, times } from '../support/scripted/client.js';
import {
  all,
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
    it(`that ${words} is asked after`, async () => {
      const { pay, client } = till({ micropay: [answer], orderquery: [missing, paid] });
      expect(await pay()).to.include({ status: 'paid', out_trade_no: 'A1' });
      expect(times(client.calls, 'orderquery')).to.deep.equal([5000, 10000]);
    });

  it('is asked after every five seconds, after thirty reversed, until a query shows it', async () => {
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

describe('An abort', () => {
  const aborting = (scripts: Scripts, at: number, options: Partial<PaymentProcessorOptions> = awaiting) => {
    const made = till(scripts, options);
    const abort = new AbortController();
    made.clock.at(at, () => abort.abort());
    return {
      ...made,
      abort,
      outcome: () => made.clock.until(made.processor.pay(order, code, { signal: abort.signal })),
    };
  };

  it('before anything leaves no trace', async () => {
    const { processor, client, journal } = till({});
    const outcome = await processor.pay(order, code, { signal: AbortSignal.abort() });
    expect(outcome).to.deep.equal({ status: 'cancelled', out_trade_no: 'A1', by: 'cashier' });
    expect(client.calls).to.deep.equal([]);
    expect(await journal.get('payment', 'A1')).to.equal(undefined);
  });

  it('before anything is no answer about a number that the journal knows', async () => {
    const { pay, clock, processor } = till({ micropay: [charged('A1', 100)] });
    await pay();
    const again = clock.until(rejection(processor.pay(order, code, { signal: AbortSignal.abort() })));
    expect(await again).to.have.property('code', 'ERR_ORDER_EXISTS');
  });

  it('while the payment is being written down sends nothing', async () => {
    const abort = new AbortController();
    const { processor, client, journal } = till({});
    const create = journal.create.bind(journal);
    journal.create = async (record) => {
      await create(record);
      abort.abort();
    };
    expect(await processor.pay(order, code, { signal: abort.signal })).to.include({ status: 'cancelled' });
    expect(client.calls).to.deep.equal([]);
    expect(await journal.get('payment', 'A1')).to.include({ state: 'cancelled', finished: true });
  });

  it('after sending is journalled and told at once, and the payment reversed, not before notBefore, even where a query says SUCCESS', async () => {
    const { outcome, client, clock, processor } = aborting(
      { micropay: [lost], orderquery: [paid, paid, state('REVOKED')], reverse: [reversed()] },
      1_000,
      {},
    );
    expect(await outcome()).to.include({ status: 'reversing' });
    expect(clock.monotonic()).to.equal(1_000);
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'reversed' });
    expect(times(client.calls, 'reverse')[0]).to.equal(15_000);
  });

  it('while the request is on its way waits for its answer before anything is reversed', async () => {
    for (const [answer, status, calls] of [
      [failed('ORDERPAID'), 'attention', ['micropay']],
      [unsent, 'cancelled', ['micropay']],
      [charged('A1', 100), 'reversed', ['micropay', 'orderquery', 'reverse', 'orderquery']],
      [failed('NOTENOUGH'), 'declined', ['micropay', 'orderquery']],
    ] as const) {
      const query = status === 'declined' ? [missing] : [paid, state('REVOKED')];
      const { outcome, client, clock } = aborting({ orderquery: query, reverse: [reversed()] }, 1_000);
      const { micropay } = client;
      client.micropay = async (params) => {
        await micropay(params).catch(() => undefined);
        await clock.sleep(19_000);
        if (answer instanceof Error) throw answer;
        return answer;
      };
      expect(await outcome()).to.include({ status });
      expect(methods(client.calls)).to.deep.equal(calls);
    }
  });

  it('after the payment was journalled as paid changes nothing', async () => {
    const { outcome, abort, processor } = aborting({ micropay: [charged('A1', 100)] }, 1_000);
    expect(await outcome()).to.include({ status: 'paid' });
    abort.abort();
    expect(await processor.outcome('A1')).to.include({ status: 'paid' });
  });
});

describe('cancel()', () => {
  it('gives up a paid sale, durably, once', async () => {
    const { pay, processor, clock, client, journal } = till({
      micropay: [charged('A1', 100)],
      orderquery: [paid, state('REVOKED')],
      reverse: [reversed()],
    });
    await processor.acknowledge(await pay());
    expect(await clock.until(processor.cancel('A1'))).to.deep.equal({
      status: 'reversing',
      out_trade_no: 'A1',
      why: 'given-up',
      revision: 4,
    });
    expect(await journal.get('payment', 'A1')).to.include({ state: 'reversing', finished: false, acknowledged: false });
    expect(await processor.cancel('A1')).to.include({ status: 'reversing' });
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'reversed' });
    expect(await processor.cancel('A1')).to.include({ status: 'reversed' });
    expect(times(client.calls, 'reverse')).to.deep.equal([15_000]);
  });

  it('waits for the reversal where the policy says so', async () => {
    const { pay, processor, clock } = till(
      { micropay: [charged('A1', 100)], orderquery: [paid, state('REVOKED')], reverse: [reversed()] },
      awaiting,
    );
    await pay();
    expect(await clock.until(processor.cancel('A1'))).to.include({ status: 'reversed' });
  });

  it('of a sale long ago waits for nothing, in the run of the program that made it', async () => {
    const script = { micropay: [charged('A1', 100)], orderquery: [paid, state('REVOKED')], reverse: [reversed()] };
    const { pay, processor, clock, client } = till(script, awaiting);
    await pay();
    await clock.run(undefined, 100_000);
    await clock.until(processor.cancel('A1'));
    expect(times(client.calls, 'reverse')).to.deep.equal([100_000]);
  });

  it('of a sale of an earlier run counts its waits anew', async () => {
    const script = { micropay: [charged('A1', 100)], orderquery: [paid, state('REVOKED')], reverse: [reversed()] };
    const { pay, processor, clock, client, start } = till(script, awaiting);
    await pay();
    await processor.close();
    await clock.run(undefined, 100_000);
    await clock.until(start().cancel('A1'));
    expect(times(client.calls, 'reverse')).to.deep.equal([115_000]);
  });

  it('of a payment under way gives it up, and tells so to both callers', async () => {
    const { processor, clock } = till({
      micropay: [lost],
      orderquery: [state('USERPAYING')],
      reverse: [failed('USERPAYING')],
    });
    const paying = processor.pay(order, code);
    await clock.run(undefined, 7_000);
    expect(await processor.cancel('A1')).to.include({ status: 'reversing' });
    expect(await paying).to.include({ status: 'reversing' });
    await processor.close();
  });

  it('takes up and gives up what an earlier run left', async () => {
    const { processor, clock, client, start } = till(
      { micropay: ['never'], orderquery: [paid, paid, state('REVOKED')], reverse: [reversed()] },
      awaiting,
    );
    void processor.pay(order, code).catch(() => undefined);
    await clock.run(undefined, 10);
    await processor.close();
    expect(await clock.until(start().cancel('A1'))).to.include({ status: 'reversed' });
    expect(times(client.calls, 'micropay')).to.have.length(1);
  });

  it('leaves what was not charged as it is', async () => {
    for (const [answer, status] of [
      [unsent, 'failed'],
      [failed('NOTENOUGH'), 'declined'],
      [failed('ORDERPAID'), 'attention'],
    ] as const) {
      const { pay, processor, client } = till({ micropay: [answer], orderquery: [missing] });
      await pay();
      expect(await processor.cancel('A1')).to.include({ status });
      expect(times(client.calls, 'reverse')).to.deep.equal([]);
    }
  });

  it('leaves a paid sale paid where the journal cannot write the decision down, also later', async () => {
    let full = false;
    const journal = fragile(() => full);
    const { pay, clock, client, processor } = till({ micropay: [charged('A1', 100)] }, { journal });
    await pay();
    full = true;
    expect(await clock.until(rejection(processor.cancel('A1')))).to.be.instanceOf(JournalError);
    full = false;
    await clock.run(() => false, 3_600_000);
    expect(methods(client.calls)).to.deep.equal(['micropay']);
    expect(await processor.outcome('A1')).to.include({ status: 'paid' });
  });

  it('of a payment under way is refused where the journal cannot write it down, and holds once it can', async () => {
    let full = false;
    const { pay, clock, client, processor } = till(
      { micropay: [failed('USERPAYING')], orderquery: [state('USERPAYING'), state('REVOKED')], reverse: [reversed()] },
      { journal: fragile(() => full) },
    );
    void pay().catch(() => undefined);
    await clock.run(undefined, 10);
    full = true;
    expect(await clock.until(rejection(processor.cancel('A1')))).to.be.instanceOf(JournalError);
    const settled = processor.settled('A1');
    await clock.run(() => false, 60_000);
    full = false;
    expect(await clock.until(settled)).to.include({ status: 'reversed' });
    expect(times(client.calls, 'micropay')).to.have.length(1);
  });

  it('that was written down after all, though the journal said no, stands', async () => {
    const { pay, processor, clock, journal } = till({
      micropay: [charged('A1', 100)],
      orderquery: [paid, state('REVOKED')],
      reverse: [reversed()],
    });
    await pay();
    const put = journal.put.bind(journal);
    journal.put = async (record) => {
      await put(record);
      if (record.state === 'reversing') throw new JournalError('the answer was lost');
    };
    expect(await processor.cancel('A1')).to.include({ status: 'reversing' });
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'reversed' });
  });

  it('of a number that the journal does not know is refused', async () => {
    const { processor } = till({});
    expect(await rejection(processor.cancel('B'))).to.include({
      code: 'ERR_ORDER_UNKNOWN',
      out_trade_no: 'B',
    });
    expect(await rejection(processor.settled('B'))).to.include({ code: 'ERR_ORDER_UNKNOWN' });
  });
});

describe('recover()', () => {
  it('takes up what a till left when it died, and never sends a payment again', async () => {
    const { journal, clock, start, processor, client } = till({ micropay: ['never'], orderquery: [paid] });
    void processor.pay(order, code).catch(() => undefined);
    await clock.run(undefined, 10);
    const outcomes = start().recover();
    await clock.run();
    expect((await all(outcomes)).map(({ status }) => status)).to.deep.equal(['paid']);
    expect(times(client.calls, 'micropay')).to.have.length(1);
    expect(await journal.get('payment', 'A1')).to.include({ finished: true, acknowledged: false });
  });

  it('asks at once, where the till died while reversing, and counts notBefore anew', async () => {
    const { clock, start, processor, client } = till(
      { micropay: [lost], orderquery: [paid, state('REVOKED')], reverse: [reversed()] },
      { polling: { timeout: 0 } },
    );
    await clock.until(processor.pay(order, code));
    await processor.close();
    await clock.run(undefined, 50_000);
    const before = client.calls.length;
    const outcomes = start().recover();
    await clock.run();
    expect((await all(outcomes)).map(({ status }) => status)).to.deep.equal(['reversed']);
    expect(client.calls.slice(before).map(({ method, at }) => [method, at])).to.deep.equal([
      ['orderquery', 50_000],
      ['reverse', 65_000],
      ['orderquery', 65_000],
    ]);
  });

  it('tells finished outcomes again until they are acknowledged', async () => {
    const { pay, start, processor } = till({ micropay: [charged('A1', 100)] });
    const outcome = await pay();
    expect(await all(processor.recover())).to.deep.equal([outcome]);
    expect(await all(start().recover())).to.deep.equal([outcome]);
    await processor.acknowledge(outcome);
    await processor.acknowledge(outcome);
    expect(await all(start().recover())).to.deep.equal([]);
    expect(await processor.outcome('A1')).to.deep.equal(outcome);
  });

  it('refuses to acknowledge what is no outcome as it came', async () => {
    const { pay, processor } = till({ micropay: [charged('A1', 100)] });
    const outcome = await pay();
    for (const wrong of ['A1', null, {}, { ...outcome, revision: '2' }, { ...outcome, revision: null }])
      expect(await rejection(Reflect.apply(processor.acknowledge, processor, [wrong]))).to.include({
        code: 'ERR_INVALID_PARAMETER',
        parameter: 'outcome',
      });
    expect(await all(processor.recover())).to.deep.equal([outcome]);
  });

  it('skips what this process is running, and works on though nobody listens, or stops listening', async () => {
    const { clock, start, processor, client, journal } = till({
      micropay: ['never'],
      orderquery: [paid, { ...isPaid('A2', 100) }],
    });
    for (const out_trade_no of ['A1', 'A2'])
      void processor.pay({ ...order, out_trade_no }, code).catch(() => undefined);
    await clock.run(undefined, 10);
    expect(await all(processor.recover())).to.deep.equal([]);
    await processor.close();
    const second = start();
    const outcomes = second.recover();
    await clock.run();
    for await (const _ of outcomes) break;
    expect(times(client.calls, 'orderquery')).to.have.length(2);
    for (const number of ['A1', 'A2']) expect(await journal.get('payment', number)).to.include({ state: 'paid' });
  });

  it('takes up thousands at once, a few requests at a time', async () => {
    const { clock, start, processor, client } = till({ micropay: ['never'] });
    for (let index = 0; index < 1_000; index += 1)
      void processor.pay({ ...order, out_trade_no: `N${index}` }, code).catch(() => undefined);
    await clock.run(undefined, 10);
    await processor.close();
    let [now, most] = [0, 0];
    client.orderquery = async ({ out_trade_no }) => {
      now += 1;
      most = Math.max(most, now);
      await clock.sleep(100);
      now -= 1;
      return state('REVOKED', out_trade_no);
    };
    const outcomes = start({ polling: { timeout: 600_000 } }).recover();
    await clock.run();
    expect(await all(outcomes)).to.have.length(1_000);
    expect(most).to.equal(16);
  });

  it('serves two who iterate over one recovery', async () => {
    const { clock, processor } = till({});
    const recovery = processor.recover();
    expect(await clock.until(Promise.all([all(recovery), all(recovery)]))).to.deep.equal([[], []]);
  });

  it('leaves alone, and tells, what belongs to another merchant or cannot be read', async () => {
    const { clock, start, processor, client, journal } = till({ micropay: ['never'] });
    void processor.pay(order, code).catch(() => undefined);
    await clock.run(undefined, 10);
    await processor.close();
    const record = await journal.get('payment', 'A1');
    if (record) await journal.create({ ...record, id: 'A2', revision: 1, data: { rail: 'carrier pigeon' } });
    const calls = client.calls.length;
    const moved = start({ client: { ...client, identity: { ...identity, mch_id: '1900000999' } } });
    const told = await all(moved.recover());
    expect(told.map(({ status, out_trade_no }) => [status, out_trade_no])).to.have.deep.members([
      ['attention', 'A1'],
      ['attention', 'A2'],
    ]);
    expect(JSON.stringify(told)).to.include(identity.mch_id);
    expect(client.calls).to.have.length(calls);
    expect(await journal.get('payment', 'A1')).to.deep.equal(record);
    expect(await rejection(moved.cancel('A1'))).to.include({ code: 'ERR_ORDER_FOREIGN', out_trade_no: 'A1' });
    expect(await rejection(moved.settled('A2'))).to.be.instanceOf(JournalError);
    expect(await moved.outcome('A2')).to.include({ status: 'attention' });
  });

  it('tells a journal that fails after all that it could recover', async () => {
    const { pay, journal, processor } = till({ micropay: [charged('A1', 100)] });
    await pay();
    const { list } = journal;
    journal.list = async function* (filter) {
      yield* list.call(journal, filter);
      throw new JournalError('unreadable');
    };
    const told: PaymentOutcome[] = [];
    const listening = (async () => {
      for await (const outcome of processor.recover()) told.push(outcome);
    })();
    expect(await rejection(listening)).to.be.instanceOf(JournalError);
    expect(told).to.have.length(1);
  });
});

describe('close()', () => {
  it('ends what is under way; the journal keeps it, and nothing is sent or written afterwards', async () => {
    const { clock, processor, client, journal } = till({ micropay: [lost], orderquery: [state('USERPAYING')] });
    const paying = rejection(processor.pay(order, code));
    await clock.run(undefined, 7_000);
    const settling = rejection(processor.settled('A1'));
    await processor.close();
    await processor.close();
    for (const error of [await paying, await settling]) expect(error).to.include({ code: 'ERR_CLOSED' });
    const [record, calls] = [await journal.get('payment', 'A1'), client.calls.length];
    await clock.run();
    expect(await journal.get('payment', 'A1'))
      .to.deep.equal(record)
      .and.include({ finished: false });
    expect(client.calls).to.have.length(calls);
  });

  it('sends nothing of a payment that was just written down', async () => {
    // The moments between the write and the request.
    for (let moment = 0; moment < 10; moment += 1) {
      const { clock, processor, client, journal } = till({ micropay: [charged('A1', 100)] });
      const create = journal.create.bind(journal);
      let isClosed = false;
      const closeLater = async () => {
        for (let tick = 0; tick < moment; tick += 1) await undefined;
        isClosed = client.calls.length === 0;
        await processor.close();
      };
      journal.create = async (record) => {
        await create(record);
        void closeLater();
      };
      await processor.pay(order, code).catch(() => undefined);
      await clock.run();
      if (isClosed) expect(client.calls, `moment ${moment}`).to.deep.equal([]);
    }
  });

  it('begins nothing for who asked just before', async () => {
    const { clock, client, journal, start } = till({ micropay: [lost], orderquery: [state('NOTPAY')] });
    const first = start();
    void first.pay(order, code).catch(() => undefined);
    await clock.run(() => client.calls.length > 0);
    await first.close();
    const second = start();
    const asked = Promise.all([rejection(second.settled('A1')), rejection(second.cancel('A1'))]);
    await second.close();
    for (const error of await clock.until(asked)) expect(error).to.be.instanceOf(ClosedError);
    const before = methods(client.calls);
    await clock.run(() => false, 3_600_000);
    expect(methods(client.calls)).to.deep.equal(before);
    expect(await journal.get('payment', 'A1')).to.include({ finished: false });
  });

  it('refuses what is asked later, but for what the journal knows', async () => {
    const { pay, processor } = till({ micropay: [charged('A1', 100)] });
    const outcome = await pay();
    await processor.close();
    for (const refused of [
      processor.pay({ ...order, out_trade_no: 'A2' }, code),
      processor.cancel('A1'),
      processor.settled('A1'),
    ])
      expect(await rejection(refused)).to.include({ code: 'ERR_CLOSED' });
    expect(() => processor.recover())
      .to.throw()
      .with.property('code', 'ERR_CLOSED');
    expect(await processor.outcome('A1')).to.deep.equal(outcome);
    await processor.acknowledge(outcome);
  });

  it('ends a recovery without an error', async () => {
    const { clock, start, processor } = till({ micropay: ['never'], orderquery: [state('USERPAYING')] });
    void processor.pay(order, code).catch(() => undefined);
    await clock.run(undefined, 10);
    await processor.close();
    const second = start();
    const told = all(second.recover());
    await clock.run(undefined, 10);
    await second.close();
    expect(await told).to.deep.equal([]);
  });
});

describe('outcome() and acknowledge()', () => {
  it('know nothing of what is unknown or undecided', async () => {
    const { clock, processor } = till({ micropay: [lost], orderquery: [state('USERPAYING')] });
    expect(await processor.outcome('A1')).to.equal(undefined);
    void processor.pay(order, code).catch(() => undefined);
    await clock.run(undefined, 7_000);
    expect(await processor.outcome('A1')).to.equal(undefined);
    await processor.acknowledge({ out_trade_no: 'A1', revision: 1 });
    await processor.acknowledge({ out_trade_no: 'B', revision: 1 });
    await processor.close();
  });
});

describe('The system clock', () => {
  it('sleeps, and wakes at once where its sleep is aborted', async () => {
    const before = systemClock.monotonic();
    await systemClock.sleep(5);
    expect(systemClock.monotonic()).to.be.above(before);
    const abort = new AbortController();
    const sleeping = rejection(systemClock.sleep(86_400_000, abort.signal));
    abort.abort('enough');
    expect(await sleeping).to.equal('enough');
    expect(await rejection(systemClock.sleep(86_400_000, abort.signal))).to.equal('enough');
    expect(Math.abs(systemClock.wall() - Date.now())).to.be.below(60_000);
  });
});
