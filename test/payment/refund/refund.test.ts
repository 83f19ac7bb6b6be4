import { expect } from 'chai';
import { ClosedError, InvalidParameterError } from '../../../lib/errors.js';
import { JournalError } from '../../../lib/journal/errors.js';
import type { JournalRecord } from '../../../lib/journal/journal.js';
import { MemoryJournal } from '../../../lib/journal/memory-journal.js';
import { PayProtocolError, PayTransportError } from '../../../lib/pay/errors.js';
import { rejection } from '../../support/rejection.js';
import { failed, Made, times } from '../../support/scripted/client.js';
import { day, hour, minute, noRefund, paidTill, shown, taken } from '../../support/scripted/refunds.js';
import { lost, methods, type Outcome, till, unsent } from '../../support/scripted/till.js';

const R1 = { kind: 'refund', out_trade_no: 'A1', out_refund_no: 'R1', refund_fee: 40 } as const;
const certificate = new PayProtocolError('refund', 'FAIL', 'certificate not match');
const wrongKey = new PayProtocolError('refund', 'FAIL', '签名错误');

describe('A refund', () => {
  it('is told as soon as the gateway has taken it, and settled when a query shows SUCCESS', async () => {
    const { refund, clock, client, processor, journal } = await paidTill({
      refund: [taken('R1', 40)],
      refundquery: [shown('PROCESSING', 'R1', 40), shown('SUCCESS', 'R1', 40)],
    });
    expect(await refund('R1', 40)).to.deep.equal({ ...R1, status: 'processing', accepted: true, revision: 2 });
    expect(clock.monotonic()).to.equal(0);
    expect(await clock.until(processor.refundSettled('R1'))).to.deep.equal({
      ...R1,
      status: 'refunded',
      refund_id: '50-R1',
      time: '2024-11-23 12:05:00',
      revision: 3,
    });
    expect(methods(client.calls)).to.deep.equal(['refund', 'refundquery', 'refundquery']);
    expect(await journal.get('refund', 'R1')).to.include({ state: 'refunded', finished: true, acknowledged: false });
  });

  it('is sent with its number, its amounts and what else was given, and queried by its number over a fresh connection', async () => {
    const fresh: unknown[] = [];
    const { clock, client, processor } = await paidTill({
      refund: [taken('R1', 40)],
      refundquery: [
        new Made(async (options) => {
          fresh.push(options.fresh);
          return shown('SUCCESS', 'R1', 40);
        }),
      ],
    });
    const more = {
      refund_desc: '茶凉了',
      refund_account: 'REFUND_SOURCE_RECHARGE_FUNDS',
      notify_url: 'https://shop/r',
    };
    await clock.until(processor.refund('A1', { out_refund_no: 'R1', refund_fee: 40, ...more }));
    await clock.until(processor.refundSettled('R1'));
    expect(client.calls.map(({ params }) => params)).to.deep.equal([
      { out_trade_no: 'A1', out_refund_no: 'R1', total_fee: 100, refund_fee: 40, ...more },
      { out_refund_no: 'R1' },
    ]);
    expect(fresh).to.deep.equal([true]);
  });

  it('is reserved in its sale, then written down, then sent', async () => {
    const journal = new MemoryJournal();
    const seen: string[] = [];
    const { refund } = await paidTill(
      {
        refund: [
          new Made(async () => {
            seen.push('sent');
            return taken('R1', 40);
          }),
        ],
        refundquery: [shown('SUCCESS', 'R1', 40)],
      },
      { journal },
    );
    const paid = await journal.get('payment', 'A1');
    const [create, put] = [journal.create.bind(journal), journal.put.bind(journal)];
    const written: JournalRecord[] = [];
    journal.create = async (record) => {
      await create(record);
      seen.push(`create ${record.kind}`);
    };
    journal.put = async (record) => {
      await put(record);
      written.push(record);
      seen.push(`put ${record.kind} ${record.state}`);
    };
    await refund('R1', 40);
    expect(seen.slice(0, 4)).to.deep.equal(['put payment paid', 'create refund', 'sent', 'put refund accepted']);
    const { data, revision = 0, updatedAt: _, ...rest } = paid ?? { data: {} };
    expect(written[0]).to.deep.include({ ...rest, revision: revision + 1 });
    expect(written[0]?.data).to.deep.include({ ...data });
  });

  it('leaves the outcome of its sale as it is, told or acknowledged', async () => {
    for (const isAcknowledged of [false, true]) {
      const { refund, clock, processor, journal } = await paidTill({
        refund: [taken('R1', 40)],
        refundquery: [shown('SUCCESS', 'R1', 40)],
      });
      const before = await processor.outcome('A1');
      if (isAcknowledged && before) await processor.acknowledge(before);
      await refund('R1', 40);
      await clock.until(processor.refundSettled('R1'));
      expect(await processor.outcome('A1')).to.deep.equal(before);
      expect(await journal.get('payment', 'A1')).to.include({ acknowledged: isAcknowledged });
      if (before) await processor.acknowledge(before);
      expect(await journal.get('payment', 'A1')).to.include({ acknowledged: true });
    }
  });

  it('is processing after 15 seconds in which nothing was heard, and goes on', async () => {
    const { refund, clock, client, processor } = await paidTill({
      refund: ['never'],
      refundquery: [shown('SUCCESS', 'R1', 40)],
    });
    expect(await refund('R1', 40)).to.deep.equal({ ...R1, status: 'processing', accepted: false, revision: 1 });
    expect(clock.monotonic()).to.equal(15_000);
    // Asked again, it is waited for again: one refund.
    expect(await refund('R1', 40)).to.include({ status: 'processing', accepted: false });
    expect(methods(client.calls)).to.deep.equal(['refund']);
    await processor.close();
  });

  it('is told how it stands where whoever waits leaves', async () => {
    const { clock, client, processor } = await paidTill({ refund: ['never'] });
    const leaving = new AbortController();
    const refund = processor.refund('A1', { out_refund_no: 'R1', refund_fee: 40 }, { signal: leaving.signal });
    clock.at(5_000, () => leaving.abort());
    expect(await clock.until(refund)).to.include({ status: 'processing', accepted: false });
    expect(clock.monotonic()).to.equal(5_000);
    expect(methods(client.calls)).to.deep.equal(['refund']);
    await processor.close();
  });

  it('is sent again, the same, after silence, later and later', async () => {
    const again = failed('SYSTEMERROR');
    const { refund, clock, client, processor } = await paidTill(
      {
        refund: [lost, unsent, again, failed('BIZERR_NEED_RETRY'), taken('R1', 40)],
        refundquery: [shown('SUCCESS', 'R1', 40)],
      },
      { refund: { backoff: { jitter: 0 } } },
    );
    expect(await refund('R1', 40)).to.include({ status: 'processing', accepted: false, trouble: 'silence' });
    expect(await clock.until(processor.refundSettled('R1'))).to.include({ status: 'refunded' });
    expect(times(client.calls, 'refund')).to.deep.equal([0, 1, 3, 7, 15].map((each) => each * minute));
    const params = client.calls.filter(({ method }) => method === 'refund').map((each) => each.params);
    for (const each of params) expect(each).to.deep.equal(params[0]);
  });

  it('is refused by a verified no that a query confirms', async () => {
    const { refund, clock } = await paidTill({ refund: [failed('NOTENOUGH', '余额不足')], refundquery: [noRefund] });
    expect(await refund('R1', 40)).to.deep.equal({
      ...R1,
      status: 'refused',
      err_code: 'NOTENOUGH',
      err_code_des: '余额不足',
      revision: 3,
    });
    expect(clock.monotonic()).to.equal(0);
  });

  it('is queried for days where the gateway takes its time, and over restarts', async () => {
    const { refund, clock, processor, start, client } = await paidTill({
      refund: [taken('R1', 40)],
      refundquery: [shown('PROCESSING', 'R1', 40)],
    });
    await refund('R1', 40);
    await clock.run(undefined, 3 * day);
    const asked = times(client.calls, 'refundquery');
    expect(asked.length).to.be.within(60, 100);
    const gaps = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
    expect(Math.max(...gaps)).to.be.at.most(1.2 * hour + 1);
    await processor.close();
    const next = start();
    client.refundquery = async () => shown('SUCCESS', 'R1', 40);
    expect(await clock.until(next.refundSettled('R1'))).to.include({ status: 'refunded' });
    expect(methods(client.calls).filter((method) => method === 'refund')).to.have.length(1);
  });

  it('is refused where the gateway closes it, and for a person where the card is gone or another refund is shown', async () => {
    const ends = [
      [shown('REFUNDCLOSE', 'R1', 40), { status: 'refused', err_code: 'REFUNDCLOSE' }],
      [shown('CHANGE', 'R1', 40), { status: 'attention', code: 'by-hand' }],
      [shown('SUCCESS', 'R1', 41), { status: 'attention', code: 'not-ours' }],
      [shown('SUCCESS', 'R1', 40, { out_trade_no: 'A2', total_fee: 100 }), { status: 'attention', code: 'not-ours' }],
    ] as const;
    for (const [answer, end] of ends) {
      const { refund, clock, processor } = await paidTill({ refund: [taken('R1', 40)], refundquery: [answer] });
      await refund('R1', 40);
      expect(await clock.until(processor.refundSettled('R1'))).to.include(end);
    }
  });

  it('has failed where it can never be sent from here, and nothing was', async () => {
    const ways = [
      [new InvalidParameterError('certificate', 'is required'), 'certificate'],
      [new InvalidParameterError('refund_account', 'is unknown'), 'parameter'],
      [new ClosedError('The client'), 'closed'],
    ] as const;
    for (const [error, code] of ways) {
      const { refund, processor } = await paidTill({ refund: [error, taken('R2', 100)], refundquery: [noRefund] });
      expect(await refund('R1', 40), code).to.include({ status: 'failed', code });
      // What it reserved is free again.
      expect(await refund('R2', 100)).to.include({ accepted: false });
      expect((await processor.refunds('A1')).map(({ status }) => status)).to.deep.equal(['failed', 'processing']);
      await processor.close();
    }
  });

  it('stays in the journal where the client was closed after it may have been sent', async () => {
    const { refund, clock, processor, journal } = await paidTill({ refund: [lost, new ClosedError('The client')] });
    await refund('R1', 40);
    expect(await clock.until(rejection(processor.refundSettled('R1')))).to.be.instanceOf(ClosedError);
    expect(await journal.get('refund', 'R1')).to.include({ state: 'sending', finished: false });
  });

  it('tells a refused certificate or key at once, is for a person after five minutes, and sent again when asked', async () => {
    for (const [error, code] of [
      [certificate, 'certificate'],
      [wrongKey, 'refused'],
    ] as const) {
      const { refund, clock, client, processor } = await paidTill({
        refund: [error, error, error, error, taken('R1', 40)],
        refundquery: [shown('SUCCESS', 'R1', 40)],
      });
      expect(await refund('R1', 40), code).to.include({ status: 'processing', accepted: false, trouble: code });
      expect(await clock.until(processor.refundSettled('R1'))).to.include({ status: 'attention', code });
      expect(await refund('R1', 40)).to.include({ status: 'processing', accepted: true });
      expect(await clock.until(processor.refundSettled('R1'))).to.include({ status: 'refunded' });
      expect(times(client.calls, 'refund')).to.have.length(5);
    }
  });

  it('is asked for at once when a notification comes, but not in the middle of a call', async () => {
    const { refund, clock, client, processor } = await paidTill({
      refund: [lost, 'never'],
      refundquery: [shown('PROCESSING', 'R1', 40), shown('SUCCESS', 'R1', 40)],
    });
    const notice = { ...R1, refund_id: '1', total_fee: 100, refund_status: 'SUCCESS' };
    await refund('R1', 40);
    await processor.noticed(notice);
    await clock.run(undefined, 0);
    expect(methods(client.calls)).to.deep.equal(['refund', 'refundquery']);
    await processor.noticed(notice);
    await processor.noticed({ ...notice, out_refund_no: 'another' });
    expect(await clock.until(processor.refundSettled('R1'))).to.include({ status: 'refunded' });
    await processor.noticed(notice);
    expect(methods(client.calls)).to.deep.equal(['refund', 'refundquery', 'refundquery']);
    expect(await rejection(Reflect.apply(processor.noticed, processor, [{}]))).to.include({ parameter: 'notice' });
  });

  it('is left to its call where a notification comes meanwhile', async () => {
    const { clock, client, processor } = await paidTill({
      refund: [
        new Made(async () => {
          await clock.sleep(1_000);
          return taken('R1', 40);
        }),
      ],
      refundquery: [shown('SUCCESS', 'R1', 40)],
    });
    const refund = processor.refund('A1', { out_refund_no: 'R1', refund_fee: 40 });
    await clock.run(undefined, 500);
    const notice = { ...R1, refund_id: '1', total_fee: 100, refund_status: 'SUCCESS' };
    await processor.noticed(notice);
    expect(await clock.until(refund)).to.include({ accepted: true });
    expect(methods(client.calls)).to.deep.equal(['refund']);
    await processor.close();
  });

  it('goes on where its record cannot be written: nothing is told that is not stored', async () => {
    const journal = new MemoryJournal();
    const { refund, clock, processor } = await paidTill(
      { refund: [taken('R1', 40)], refundquery: [shown('SUCCESS', 'R1', 40)] },
      { journal },
    );
    const put = journal.put.bind(journal);
    let isBroken = true;
    journal.put = async (record) => {
      if (isBroken && record.state === 'accepted') throw new JournalError('no space left on device');
      await put(record);
    };
    expect(await rejection(refund('R1', 40))).to.be.instanceOf(JournalError);
    expect(await processor.refunds('A1')).to.deep.equal([
      { ...R1, status: 'processing', accepted: false, trouble: 'journal', revision: 1 },
    ]);
    isBroken = false;
    expect(await clock.until(processor.refundSettled('R1'))).to.include({ status: 'refunded' });
  });

  it('is told to onOutcome where nobody waits for its end, until the handler takes it, then acknowledged', async () => {
    const told: Outcome[] = [];
    const { refund, clock, journal, processor } = await paidTill(
      { refund: [taken('R1', 40)], refundquery: [shown('SUCCESS', 'R1', 40)] },
      {
        onOutcome: (outcome) => {
          told.push(outcome);
          if (told.length < 3) throw new Error('the printer is out of paper');
        },
      },
    );
    await refund('R1', 40);
    await clock.run(undefined, hour);
    expect(told).to.have.length(3);
    for (const each of told) expect(each).to.deep.equal(told[0]);
    expect(told[0]).to.include({ kind: 'refund', status: 'refunded' });
    expect(await journal.get('refund', 'R1')).to.include({ state: 'refunded', acknowledged: true });
    await processor.close();
  });

  it('is told to onOutcome also where refund() had stopped waiting before the no was confirmed', async () => {
    const told: Outcome[] = [];
    const { refund, clock } = await paidTill(
      { refund: [failed('NOTENOUGH')], refundquery: [lost, noRefund] },
      { onOutcome: (outcome) => void told.push(outcome) },
    );
    expect(await refund('R1', 40)).to.include({ status: 'processing', accepted: false });
    await clock.run(undefined, hour);
    expect(told.map(({ status }) => status)).to.deep.equal(['refused']);
  });

  it('is acknowledged by its own number, as it came', async () => {
    const { refund, clock, processor, journal } = await paidTill({
      refund: [taken('R1', 40)],
      refundquery: [shown('SUCCESS', 'R1', 40)],
    });
    const processing = await refund('R1', 40);
    await processor.acknowledge(processing);
    expect(await journal.get('refund', 'R1')).to.include({ finished: false, acknowledged: false });
    const refunded = await clock.until(processor.refundSettled('R1'));
    await processor.acknowledge(processing);
    expect(await journal.get('refund', 'R1')).to.include({ acknowledged: false });
    await processor.acknowledge(refunded);
    expect(await journal.get('refund', 'R1')).to.include({ acknowledged: true });
    expect(await journal.get('payment', 'A1')).to.include({ acknowledged: false });
    const wrong = { out_trade_no: 'A1', out_refund_no: 1, revision: 1 };
    expect(await rejection(Reflect.apply(processor.acknowledge, processor, [wrong]))).to.include({
      parameter: 'outcome',
    });
  });

  it('is refused before anything is written down where a parameter is wrong', async () => {
    const { processor, journal } = await paidTill({});
    const wrong: ReadonlyArray<readonly [string, object]> = [
      ['out_refund_no', { refund_fee: 1 }],
      ['out_refund_no', { out_refund_no: 'R 1', refund_fee: 1 }],
      ['out_refund_no', { out_refund_no: 'R'.repeat(65), refund_fee: 1 }],
      ['refund_fee', { out_refund_no: 'R1' }],
      ['refund_fee', { out_refund_no: 'R1', refund_fee: 0.5 }],
      ['refund_desc', { out_refund_no: 'R1', refund_fee: 1, refund_desc: '茶'.repeat(81) }],
      ['notify_url', { out_refund_no: 'R1', refund_fee: 1, notify_url: 'http://shop/r' }],
      ['total_fee', { out_refund_no: 'R1', refund_fee: 1, total_fee: 99 }],
      ['key', { out_refund_no: 'R1', refund_fee: 1, key: 'x' }],
    ];
    const before = await journal.get('payment', 'A1');
    for (const [parameter, given] of wrong)
      expect(await rejection(Reflect.apply(processor.refund, processor, ['A1', given])), parameter).to.include({
        code: 'ERR_INVALID_PARAMETER',
        parameter,
      });
    expect(await rejection(Reflect.apply(processor.refund, processor, ['A1', 'R1']))).to.include({
      parameter: 'refund',
    });
    expect(await journal.get('payment', 'A1')).to.deep.equal(before);
  });

  it('is refused by a client without its calls', async () => {
    const { client, processor, journal } = await paidTill({});
    Reflect.deleteProperty(client, 'refundquery');
    expect(await rejection(processor.refund('A1', { out_refund_no: 'R1', refund_fee: 1 }))).to.include({
      code: 'ERR_INVALID_PARAMETER',
      parameter: 'client',
    });
    expect(await journal.get('refund', 'R1')).to.equal(undefined);
  });

  it('is not known before it was asked for', async () => {
    const { processor } = till({});
    expect(await processor.refunds('A1')).to.deep.equal([]);
    expect(await rejection(processor.refundSettled('R1'))).to.include({
      code: 'ERR_ORDER_UNKNOWN',
      out_refund_no: 'R1',
    });
    await processor.close();
    expect(await rejection(processor.refund('A1', { out_refund_no: 'R1', refund_fee: 1 }))).to.be.instanceOf(
      ClosedError,
    );
  });

  it('of which nothing verified came is of no certain end: nobody is told that it failed', async () => {
    const { refund, clock, processor } = await paidTill({ refund: [new PayTransportError('down', false)] });
    expect(await refund('R1', 40)).to.include({ status: 'processing', trouble: 'silence' });
    await clock.run(undefined, 30 * day);
    expect(await processor.refunds('A1')).to.have.nested.property('[0].status', 'processing');
    await processor.close();
  });
});
