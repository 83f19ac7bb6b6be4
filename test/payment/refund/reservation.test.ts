import { expect } from 'chai';
import { JournalError, OrderExistsError } from '../../../lib/journal/errors.js';
import type { Journal, JournalRecord } from '../../../lib/journal/journal.js';
import { MemoryJournal } from '../../../lib/journal/memory-journal.js';
import { rejection } from '../../support/rejection.js';
import { failed, Made, reversed, state, times } from '../../support/scripted/client.js';
import { day, minute, noRefund, paidTill, RefundGateway, shown, taken } from '../../support/scripted/refunds.js';
import { awaiting, code, lost, methods, order, paid, till } from '../../support/scripted/till.js';

const refused = (rule: string) => ({ code: 'ERR_REFUND', rule, out_trade_no: 'A1' });

/** Of a provider's sub-merchants each has a journal of its own, but their numbers are one. */
function sharesNumber(journal: Journal, taken: string): void {
  const create = journal.create.bind(journal);
  journal.create = (record) => (record.id === taken ? Promise.reject(new OrderExistsError(taken)) : create(record));
}

describe('A refund and the rules of its sale', () => {
  it('gives back no more than was paid, however many are asked for at once', async () => {
    const gateway = new RefundGateway();
    const { clock, processor } = await paidTill(gateway.scripts);
    const asked = ['R1', 'R2', 'R3'].map((out_refund_no) => processor.refund('A1', { out_refund_no, refund_fee: 40 }));
    const results = await clock.until(Promise.allSettled(asked));
    expect(results.map(({ status }) => status)).to.deep.equal(['fulfilled', 'fulfilled', 'rejected']);
    expect(await rejection(Promise.all(asked))).to.include({
      ...refused('too-much'),
      out_refund_no: 'R3',
    });
    await clock.run(undefined, day);
    expect(gateway.givenBack).to.equal(80);
    expect(await rejection(processor.refund('A1', { out_refund_no: 'R4', refund_fee: 21 }))).to.include(
      refused('too-much'),
    );
    expect(await clock.until(processor.refund('A1', { out_refund_no: 'R5', refund_fee: 20 }))).to.include({
      accepted: true,
    });
  });

  it('has two of one order leave a minute apart: the second is reserved, and sent when its minute comes', async () => {
    const gateway = new RefundGateway();
    const { refund, clock, client, processor } = await paidTill(gateway.scripts);
    expect(await refund('R1', 30)).to.include({ accepted: true });
    expect(await refund('R2', 30)).to.deep.include({ status: 'processing', accepted: false });
    expect(await processor.refunds('A1')).to.have.length(2);
    await clock.until(processor.refundSettled('R2'));
    expect(times(client.calls, 'refund')).to.deep.equal([0, minute]);
  });

  it('keeps the minute over a restart', async () => {
    const gateway = new RefundGateway();
    const { refund, clock, client, processor, start } = await paidTill(gateway.scripts);
    await refund('R1', 30);
    await refund('R2', 30);
    await processor.close();
    const next = start();
    await next.resume({ kind: 'refund', id: 'R2' });
    await clock.until(next.refundSettled('R2'));
    expect(times(client.calls, 'refund')).to.deep.equal([0, minute]);
  });

  it('is one refund where its number is asked for twice at once, and after its end', async () => {
    const gateway = new RefundGateway();
    const { refund, clock, client, processor } = await paidTill(gateway.scripts);
    const both = Promise.all([1, 2].map(() => processor.refund('A1', { out_refund_no: 'R1', refund_fee: 40 })));
    const [one, two] = await clock.until(both);
    expect(one).to.deep.equal(two);
    const end = await clock.until(processor.refundSettled('R1'));
    expect(await refund('R1', 40)).to.deep.equal(end);
    expect(methods(client.calls)).to.deep.equal(['refund', 'refundquery']);
  });

  it('refuses a number of another amount or sale, finished or not', async () => {
    const gateway = new RefundGateway();
    const { refund, clock, processor } = await paidTill(gateway.scripts);
    for (const isFinished of [false, true]) {
      await refund('R1', 40);
      if (isFinished) await clock.until(processor.refundSettled('R1'));
      expect(await rejection(refund('R1', 41))).to.include({ code: 'ERR_ORDER_EXISTS', out_refund_no: 'R1' });
      const ofAnother = processor.refund('A2', { out_refund_no: 'R1', refund_fee: 40 });
      expect(await rejection(ofAnother)).to.include({ code: 'ERR_ORDER_EXISTS', out_trade_no: 'A2' });
    }
  });

  it('refuses a number that a merchant with the same numbers has, and frees what it reserved', async () => {
    const gateway = new RefundGateway();
    const { refund, processor, journal } = await paidTill(gateway.scripts);
    sharesNumber(journal, 'R1');
    for (let times = 0; times < 2; times += 1)
      expect(await rejection(refund('R1', 40))).to.include({ code: 'ERR_ORDER_EXISTS', out_refund_no: 'R1' });
    expect(await processor.refunds('A1')).to.deep.equal([]);
    expect(await refund('R2', 100)).to.include({ accepted: true });
    expect([...gateway.refunds.keys()]).to.deep.equal(['R2']);
  });

  it('frees what it reserved where nothing was given back', async () => {
    const { refund, processor } = await paidTill({
      refund: [failed('NOTENOUGH'), taken('R2', 100)],
      refundquery: [noRefund],
    });
    expect(await refund('R1', 100)).to.include({ status: 'refused' });
    expect(await refund('R2', 100)).to.include({ status: 'processing' });
    expect((await processor.refunds('A1')).map(({ status }) => status)).to.deep.equal(['refused', 'processing']);
    await processor.close();
  });

  it('tells a sale’s refunds by one read, in the order in which they were reserved', async () => {
    const journal = new MemoryJournal();
    const gateway = new RefundGateway();
    const { refund, clock, processor } = await paidTill(gateway.scripts, { journal });
    await refund('R1', 10);
    await clock.until(processor.refundSettled('R1'));
    gateway.status = 'PROCESSING';
    await refund('R2', 20);
    await clock.run(undefined, minute);
    let reads = 0;
    const get = journal.get.bind(journal);
    journal.get = (kind, id) => {
      reads += 1;
      return get(kind, id);
    };
    journal.list = () => expect.fail('it is not listed');
    const told = await processor.refunds('A1');
    expect(reads).to.equal(1);
    expect(told.map(({ out_refund_no, refund_fee, status }) => [out_refund_no, refund_fee, status])).to.deep.equal([
      ['R1', 10, 'refunded'],
      ['R2', 20, 'processing'],
    ]);
    expect(told[0]).to.deep.equal(await processor.refundSettled('R1'));
    expect(told[1]).to.include({ accepted: true });
    await processor.close();
    // The same from what the sale's record knows.
    expect(await processor.refunds('A1')).to.deep.equal(told);
  });

  it('tells how a refund ended although a crash kept that from its sale’s record', async () => {
    const journal = new MemoryJournal();
    const gateway = new RefundGateway();
    const { refund, clock, processor } = await paidTill(gateway.scripts, { journal });
    await refund('R1', 40);
    const refunded = await clock.until(processor.refundSettled('R1'));
    const sale = await journal.get('payment', 'A1');
    if (sale === undefined) throw new Error('it was sold');
    const asReserved = { out_refund_no: 'R1', refund_fee: 40, at: clock.wall(), phase: 'sending', facts: {} };
    await journal.put({ ...sale, revision: sale.revision + 1, data: { ...sale.data, refunds: [asReserved] } });
    expect(await processor.refunds('A1')).to.deep.equal([refunded]);
    await processor.close();
  });

  it('allows fifty', async () => {
    const gateway = new RefundGateway();
    const { clock, processor } = await paidTill(gateway.scripts);
    const asked = Array.from({ length: 51 }, (_, index) =>
      processor.refund('A1', { out_refund_no: `R${index}`, refund_fee: 1 }),
    );
    const results = await clock.until(Promise.allSettled(asked));
    expect(results.filter(({ status }) => status === 'rejected')).to.have.length(1);
    expect(await rejection(asked[50] ?? Promise.resolve())).to.include(refused('too-many'));
    await clock.run(undefined, day);
    expect(gateway.givenBack).to.equal(50);
  });

  it('refuses a sale of more than a year ago, by the gateway’s clock', async () => {
    const { refund, clock, client } = await paidTill({});
    client.gatewayTime = () => clock.real() + 366 * day;
    expect(await rejection(refund('R1', 1))).to.include(refused('too-old'));
    expect(client.calls).to.deep.equal([]);
  });

  it('refuses what was not paid, or is not yet', async () => {
    const { clock, processor } = till({ micropay: ['never'] });
    void processor.pay(order, code).catch(() => undefined);
    await clock.run(undefined, 1_000);
    expect(await rejection(processor.refund('A1', { out_refund_no: 'R1', refund_fee: 1 }))).to.include(
      refused('not-paid'),
    );
    await processor.close();
    expect(await rejection(till({}).processor.refund('A1', { out_refund_no: 'R1', refund_fee: 1 }))).to.include({
      code: 'ERR_ORDER_UNKNOWN',
      out_trade_no: 'A1',
      out_refund_no: 'R1',
    });
  });

  it('is refused once the sale was given up', async () => {
    const { clock, refund, processor, client } = await paidTill(
      { orderquery: [paid, state('REVOKED')], reverse: [reversed()] },
      awaiting,
    );
    const cancelling = processor.cancel('A1');
    // While it is given up, and when it was.
    expect(await rejection(processor.refund('A1', { out_refund_no: 'R1', refund_fee: 1 }))).to.include(
      refused('given-up'),
    );
    expect(await clock.until(cancelling)).to.include({ status: 'reversed' });
    expect(await rejection(refund('R1', 1))).to.include(refused('given-up'));
    expect(methods(client.calls)).to.not.include('refund');
  });

  it('keeps its sale from being given up, unless nothing was given back', async () => {
    const { clock, refund, processor, client, journal } = await paidTill(
      {
        refund: [failed('NOTENOUGH'), taken('R2', 40)],
        refundquery: [noRefund, shown('SUCCESS', 'R2', 40)],
        orderquery: [paid, state('REVOKED')],
        reverse: [reversed()],
      },
      awaiting,
    );
    await refund('R1', 40);
    await clock.run(undefined, minute);
    await refund('R2', 40);
    for (const isFinished of [false, true]) {
      if (isFinished) await clock.until(processor.refundSettled('R2'));
      const before = await journal.get('payment', 'A1');
      expect(await rejection(processor.cancel('A1'))).to.include({
        code: 'ERR_ORDER_REFUNDED',
        out_trade_no: 'A1',
        out_refund_no: 'R2',
      });
      expect(await journal.get('payment', 'A1')).to.deep.equal(before);
    }
    expect(methods(client.calls)).to.not.include('reverse');
  });

  it('lets its sale be given up where it was refused', async () => {
    const { clock, refund, processor } = await paidTill(
      {
        refund: [failed('NOTENOUGH')],
        refundquery: [noRefund],
        orderquery: [paid, state('REVOKED')],
        reverse: [reversed()],
      },
      awaiting,
    );
    await refund('R1', 40);
    expect(await clock.until(processor.cancel('A1'))).to.include({ status: 'reversed' });
    expect(await processor.refunds('A1')).to.have.nested.property('[0].status', 'refused');
  });

  it('does not stop a cancel() by what is copied of it to the sale at that moment', async () => {
    const journal = new MemoryJournal();
    const { clock, processor, client } = await paidTill(
      { orderquery: [paid, state('REVOKED')], reverse: [reversed()] },
      { journal, ...awaiting },
    );
    const put = journal.put.bind(journal);
    let isCopied = false;
    journal.put = async (record) => {
      const sale = await journal.get('payment', 'A1');
      if (!isCopied && sale) await put({ ...sale, revision: sale.revision + 1 });
      isCopied = true;
      await put(record);
    };
    expect(await clock.until(processor.cancel('A1'))).to.include({ status: 'reversed' });
    expect(times(client.calls, 'reverse')).to.have.length(1);
  });

  it('is refused, or keeps the sale from being given up, where both come at once', async () => {
    for (const isRefundFirst of [true, false]) {
      const gateway = new RefundGateway();
      const { clock, processor, client } = await paidTill(
        { ...gateway.scripts, orderquery: [paid, state('REVOKED')], reverse: [reversed()] },
        awaiting,
      );
      const refund = () => processor.refund('A1', { out_refund_no: 'R1', refund_fee: 40 });
      const cancel = () => processor.cancel('A1');
      const results = await clock.until(
        Promise.allSettled((isRefundFirst ? [refund, cancel] : [cancel, refund]).map((each) => each())),
      );
      expect(results.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected']);
      await clock.run(undefined, day);
      const made = methods(client.calls);
      expect(made.includes('refund')).to.equal(isRefundFirst);
      expect(made.includes('reverse')).to.equal(!isRefundFirst);
    }
  });

  it('is not begun where the sale cannot be written', async () => {
    const journal = new MemoryJournal();
    const { refund, client } = await paidTill({}, { journal });
    journal.put = () => Promise.reject(new JournalError('no space left on device'));
    expect(await rejection(refund('R1', 40))).to.be.instanceOf(JournalError);
    expect(client.calls).to.deep.equal([]);
    expect(await journal.get('refund', 'R1')).to.equal(undefined);
  });
});

/** A processor that died at a step of a refund, as the journal has it then. */
async function dead(scripts: Parameters<typeof paidTill>[0], diesAt: (record: JournalRecord) => boolean) {
  const journal = new MemoryJournal();
  const made = await paidTill(scripts, { journal });
  const [create, put] = [journal.create.bind(journal), journal.put.bind(journal)];
  let isDead = false;
  const dying = (write: (record: JournalRecord) => Promise<void>) => async (record: JournalRecord) => {
    isDead ||= diesAt(record);
    return isDead ? new Promise<void>(() => undefined) : write(record);
  };
  journal.create = dying(create);
  journal.put = dying(put);
  void made.processor.refund('A1', { out_refund_no: 'R1', refund_fee: 40 }).catch(() => undefined);
  await made.clock.run(() => isDead);
  expect(isDead).to.equal(true);
  void made.processor.close();
  Object.assign(journal, { create, put });
  return { ...made, journal, next: made.start };
}

describe('A refund whose program died', () => {
  it('before it was written down is sent by the same number, asked for again', async () => {
    const gateway = new RefundGateway();
    const { clock, client, next, journal } = await dead(gateway.scripts, ({ kind }) => kind === 'refund');
    expect(await journal.get('refund', 'R1')).to.equal(undefined);
    const processor = next();
    expect(await processor.refunds('A1')).to.deep.equal([
      {
        kind: 'refund',
        out_trade_no: 'A1',
        out_refund_no: 'R1',
        refund_fee: 40,
        status: 'processing',
        accepted: false,
      },
    ]);
    const refund = processor.refund('A1', { out_refund_no: 'R1', refund_fee: 40 });
    expect(await clock.until(refund)).to.include({ accepted: true });
    expect(await clock.until(processor.refundSettled('R1'))).to.include({ status: 'refunded' });
    expect(gateway.givenBack).to.equal(40);
    expect(methods(client.calls)).to.deep.equal(['refund', 'refundquery']);
    expect((await processor.refunds('A1')).map(({ status }) => status)).to.deep.equal(['refunded']);
  });

  it('before it was written down holds its money for a minute, then nothing of it is sent any more', async () => {
    const gateway = new RefundGateway();
    const { clock, next } = await dead(gateway.scripts, ({ kind }) => kind === 'refund');
    const processor = next();
    const another = () => processor.refund('A1', { out_refund_no: 'R2', refund_fee: 100 });
    expect(await rejection(another())).to.include(refused('too-much'));
    expect(await rejection(processor.cancel('A1'))).to.include({ code: 'ERR_ORDER_REFUNDED' });
    await clock.run(undefined, minute);
    expect(await clock.until(another())).to.include({ status: 'processing' });
    const same = processor.refund('A1', { out_refund_no: 'R1', refund_fee: 40 });
    expect(await clock.until(same)).to.include({ status: 'failed', code: 'late' });
    await clock.run(undefined, day);
    expect([...gateway.refunds.keys()]).to.deep.equal(['R2']);
  });

  it('before it was told that a merchant with the same numbers has its number holds nothing after a minute', async () => {
    const gateway = new RefundGateway();
    const { clock, next, journal } = await dead(gateway.scripts, ({ kind }) => kind === 'refund');
    sharesNumber(journal, 'R1');
    await clock.run(undefined, minute);
    const processor = next();
    const another = processor.refund('A1', { out_refund_no: 'R2', refund_fee: 100 });
    expect(await clock.until(another)).to.include({ accepted: true });
    expect(await processor.refunds('A1')).to.have.nested.property('[0].status', 'failed');
    expect([...gateway.refunds.keys()]).to.deep.equal(['R2']);
  });

  it('before it was written down lets its sale be given up after a minute', async () => {
    const { clock, next } = await dead(
      { orderquery: [paid, state('REVOKED')], reverse: [reversed()] },
      ({ kind }) => kind === 'refund',
    );
    await clock.run(undefined, minute);
    expect(await clock.until(next(awaiting).cancel('A1'))).to.include({ status: 'reversed' });
  });

  const steps: ReadonlyArray<readonly [string, (record: JournalRecord) => boolean]> = [
    ['after it was written down', ({ kind, revision }) => kind === 'refund' && revision > 1],
    [
      'before it was copied to its sale that it was taken',
      ({ kind, data }) => kind === 'payment' && isCopied(data, 'accepted'),
    ],
    ['before its end was written down', ({ kind, state: is }) => kind === 'refund' && is === 'refunded'],
    ['before its end was copied to its sale', ({ kind, data }) => kind === 'payment' && isCopied(data, 'refunded')],
  ];
  for (const [step, diesAt] of steps)
    it(`${step} is recovered, told and gives back once`, async () => {
      const gateway = new RefundGateway();
      const { clock, next } = await dead(gateway.scripts, diesAt);
      const told: unknown[] = [];
      const processor = next({ onOutcome: (outcome) => void told.push(outcome) });
      await clock.run(undefined, day);
      // The sale, which nobody has acknowledged, is told as well.
      const refunds = told.filter((each) => Object(each).kind === 'refund');
      expect(refunds).to.have.length(1);
      expect(refunds[0]).to.include({ status: 'refunded' });
      expect(gateway.givenBack).to.equal(40);
      expect(await processor.refunds('A1')).to.deep.equal(refunds);
      expect(await rejection(processor.cancel('A1'))).to.include({ code: 'ERR_ORDER_REFUNDED' });
    });

  it('is taken up by recover() too, which does not wait for days until its end', async () => {
    const gateway = new RefundGateway();
    const { clock, next } = await dead(gateway.scripts, ({ kind, revision }) => kind === 'refund' && revision > 1);
    const processor = next();
    const told = [];
    for await (const outcome of processor.recover()) told.push(outcome);
    expect(told.map(({ status }) => status)).to.deep.equal(['paid']);
    expect(clock.monotonic()).to.equal(0);
    await clock.run(undefined, day);
    expect(await processor.refunds('A1')).to.have.nested.property('[0].status', 'refunded');
    const again = [];
    for await (const outcome of next().recover()) again.push(outcome);
    expect(again.map(({ status }) => status)).to.deep.equal(['paid']);
  });

  it('is resumed by its kind and number', async () => {
    const gateway = new RefundGateway();
    const { clock, next } = await dead(gateway.scripts, ({ kind, revision }) => kind === 'refund' && revision > 1);
    const processor = next();
    await processor.resume({ kind: 'refund', id: 'R1' });
    expect(await clock.until(processor.refundSettled('R1'))).to.include({ status: 'refunded' });
    await processor.resume({ kind: 'refund', id: 'R1' });
    expect(await rejection(processor.resume({ kind: 'refund', id: 'R2' }))).to.include({ code: 'ERR_ORDER_UNKNOWN' });
  });

  it('was refused, and its sale does not know: a new one is free all the same', async () => {
    const { clock, next } = await dead(
      { refund: [failed('NOTENOUGH'), taken('R2', 100)], refundquery: [noRefund] },
      ({ kind, data }) => kind === 'payment' && isCopied(data, 'refused'),
    );
    const processor = next();
    const refund = processor.refund('A1', { out_refund_no: 'R2', refund_fee: 100 });
    expect(await clock.until(refund)).to.include({ status: 'processing' });
    expect((await processor.refunds('A1')).map(({ status }) => status)).to.deep.equal(['refused', 'processing']);
    await processor.close();
  });

  it('whose first record was stored although its caller was told that it was not, is not sent', async () => {
    const journal = new MemoryJournal();
    const { refund, clock, client, processor } = await paidTill({}, { journal });
    const create = journal.create.bind(journal);
    journal.create = async (record) => {
      await create(record);
      throw new JournalError('the answer was lost');
    };
    expect(await rejection(refund('R1', 40))).to.be.instanceOf(JournalError);
    await clock.run(undefined, minute);
    expect(await processor.refundSettled('R1')).to.include({ status: 'failed', code: 'late' });
    expect(client.calls).to.deep.equal([]);
  });

  it('of another merchant, or unreadable, is told to a person and left as it is', async () => {
    const gateway = new RefundGateway();
    const { clock, next, client, journal } = await dead(
      gateway.scripts,
      ({ kind, revision }) => kind === 'refund' && revision > 1,
    );
    const record = await journal.get('refund', 'R1');
    if (record) await journal.create({ ...record, id: 'R9', revision: 1, data: { refund_fee: 9, out_trade_no: 'A9' } });
    const told: unknown[] = [];
    const other = { ...client, identity: { appid: 'wx1', mch_id: '1' } };
    next({ client: other, onOutcome: (outcome) => void told.push(outcome) });
    await clock.run(undefined, minute);
    const refunds = told.filter((each) => Object(each).kind === 'refund');
    expect(refunds.map((each) => [Object(each).out_refund_no, Object(each).code])).to.have.deep.members([
      ['R1', 'other-merchant'],
      ['R9', 'unreadable'],
    ]);
    expect(await journal.get('refund', 'R1')).to.include({ state: 'sending', finished: false });
  });
});

const isCopied = ({ refunds }: Record<string, unknown>, phase: string): boolean =>
  Array.isArray(refunds) && refunds.some((each) => Object(each).phase === phase);

describe('A refund of a sale that the journal does not know', () => {
  const unknown = (scripts: Parameters<typeof till>[0]) => {
    const gateway = new RefundGateway();
    const made = till({ ...gateway.scripts, ...scripts });
    const refund = (out_refund_no: string, refund_fee: number, total_fee = 100) =>
      made.clock.until(made.processor.refund('A1', { out_refund_no, refund_fee, total_fee }));
    return { ...made, gateway, refund };
  };

  it('is queried first, and becomes known as a paid one that nobody is told of', async () => {
    for (const answer of [paid, { ...paid, trade_state: 'REFUND' }]) {
      const { clock, client, refund, processor, journal, start } = unknown({ orderquery: [answer] });
      expect(await refund('R1', 40)).to.include({ status: 'processing', accepted: true });
      expect(methods(client.calls)).to.deep.equal(['orderquery', 'refundquery', 'refund']);
      expect(await journal.get('payment', 'A1')).to.include({ state: 'paid', finished: true, acknowledged: true });
      expect(await clock.until(processor.refundSettled('R1'))).to.include({ status: 'refunded' });
      expect(await processor.outcome('A1')).to.include({ status: 'paid', total_fee: 100 });
      const told = [];
      for await (const outcome of start().recover()) told.push(outcome);
      expect(told).to.deep.equal([]);
    }
  });

  it('is refused if it is one of a merchant with the same numbers', async () => {
    const { client, refund, journal } = unknown({ orderquery: [paid] });
    sharesNumber(journal, 'A1');
    expect(await rejection(refund('R1', 40))).to.include({ code: 'ERR_ORDER_EXISTS', out_trade_no: 'A1' });
    expect(methods(client.calls)).not.to.include('refund');
  });

  it('counts what the gateway shows, made elsewhere', async () => {
    const { gateway, refund, processor } = unknown({ orderquery: [{ ...paid, trade_state: 'REFUND' }] });
    const of = { out_trade_no: 'A1', total_fee: 100 };
    for (const [number, status] of [
      ['X1', 'SUCCESS'],
      ['X2', 'PROCESSING'],
      ['X3', 'REFUNDCLOSE'],
      ['X4', 'CHANGE'],
    ] as const)
      gateway.refunds.set(number, { of, fee: 20, status });
    expect(await rejection(refund('R1', 41))).to.include(refused('too-much'));
    expect((await processor.refunds('A1')).map(({ status }) => status)).to.deep.equal([
      'refunded',
      'processing',
      'refused',
      'attention',
    ]);
    expect(await refund('R1', 40)).to.include({ accepted: true });
    expect(await refund('X3', 20)).to.include({ status: 'refused', err_code: 'REFUNDCLOSE' });
    expect([...gateway.refunds.keys()]).to.deep.equal(['X1', 'X2', 'X3', 'X4', 'R1']);
  });

  it('asks how a refund of another program ended before it refuses one for it', async () => {
    const { gateway, refund, processor } = unknown({ orderquery: [{ ...paid, trade_state: 'REFUND' }] });
    const elsewhere = { of: { out_trade_no: 'A1', total_fee: 100 }, fee: 60, status: 'PROCESSING' };
    gateway.refunds.set('X1', elsewhere);
    expect(await rejection(refund('R1', 50))).to.include(refused('too-much'));
    elsewhere.status = 'REFUNDCLOSE';
    expect(await refund('R1', 50)).to.include({ accepted: true });
    expect((await processor.refunds('A1')).map(({ status }) => status)).to.deep.equal(['refused', 'processing']);
  });

  it('gives back once where the journal was lost with the refund in it', async () => {
    const { clock, gateway, refund, processor } = unknown({ orderquery: [{ ...paid, trade_state: 'REFUND' }] });
    gateway.refunds.set('R1', { of: { out_trade_no: 'A1', total_fee: 100 }, fee: 60, status: 'SUCCESS' });
    expect(await rejection(refund('R1', 61))).to.include({ code: 'ERR_ORDER_EXISTS' });
    expect(await refund('R1', 60)).to.include({ accepted: true });
    expect(await clock.until(processor.refundSettled('R1'))).to.include({ status: 'refunded' });
    expect(gateway.givenBack).to.equal(60);
    expect(await rejection(refund('R2', 41))).to.include(refused('too-much'));
  });

  it('is found on the rail of faces too', async () => {
    const { client, refund } = unknown({ orderquery: [failed('ORDERNOTEXIST')], facepayquery: [paid] });
    expect(await refund('R1', 40)).to.include({ accepted: true });
    expect(methods(client.calls)).to.deep.equal(['orderquery', 'facepayquery', 'refundquery', 'refund']);
  });

  it('is refused, and nothing is written down, where the gateway shows something else', async () => {
    const missing = failed('ORDERNOTEXIST');
    const answers: ReadonlyArray<readonly [Parameters<typeof till>[0], object, number?]> = [
      [{ orderquery: [missing], facepayquery: [missing] }, { code: 'ERR_ORDER_UNKNOWN' }],
      [{ orderquery: [state('USERPAYING')] }, refused('not-paid')],
      [{ orderquery: [state('REVOKED')] }, refused('given-up')],
      [{ orderquery: [paid] }, { code: 'ERR_INVALID_PARAMETER', parameter: 'total_fee' }, 99],
      [{ orderquery: [state('SUCCESS')] }, { code: 'ERR_PAY_RESPONSE' }],
      [{ orderquery: [{ ...paid, out_trade_no: 'A2' }] }, { code: 'ERR_PAY_RESPONSE' }],
      [{ orderquery: [failed('SYSTEMERROR')] }, { code: 'ERR_PAY_RESPONSE' }],
      [{ orderquery: [paid], refundquery: [failed('SYSTEMERROR')] }, { code: 'ERR_PAY_RESPONSE' }],
      [{ orderquery: [lost] }, { code: 'ERR_PAY_TRANSPORT' }],
    ];
    for (const [scripts, error, total_fee] of answers) {
      const { refund, journal, client } = unknown(scripts);
      expect(await rejection(refund('R1', 40, total_fee))).to.include(error);
      expect(await journal.get('payment', 'A1')).to.equal(undefined);
      expect(methods(client.calls)).to.not.include('refund');
    }
  });

  it('is not waited for longer than 15 seconds', async () => {
    const { clock, refund } = unknown({
      orderquery: [
        new Made(
          (options) =>
            new Promise((_, reject) => options.signal?.addEventListener('abort', () => reject(lost), { once: true })),
        ),
      ],
    });
    expect(await rejection(refund('R1', 40))).to.equal(lost);
    expect(clock.monotonic()).to.equal(15_000);
  });
});
