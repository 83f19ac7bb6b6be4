import { expect } from 'chai';
import fc from 'fast-check';
import type { Difference } from '../../lib/bill/difference.js';
import { reconcile } from '../../lib/bill/reconcile.js';
import { MemoryJournal } from '../../lib/journal/memory-journal.js';
import { BillError } from '../../lib/pay/errors.js';
import { rejection } from '../support/rejection.js';
import { billOf, type Entry, type Fate, hour, minute, ShopDay, today, tomorrow, untilMidnight } from './shop-day.js';

const other = { appid: 'wx9999999999999999', mch_id: '1900000999' };

/** The gateway's book without a sale, or with a change to it. */
function entryOf({ orders }: ShopDay, out_trade_no: string): Entry {
  const entry = orders.get(out_trade_no);
  if (entry === undefined) throw new Error(`the gateway has no ${out_trade_no}`);
  return entry;
}

describe('reconcile', () => {
  let shop: ShopDay;
  beforeEach(() => {
    shop = new ShopDay();
  });

  describe('finds nothing', () => {
    const both = async (): Promise<Difference[]> => [
      ...(await shop.differences(today)),
      ...(await shop.differences(tomorrow)),
    ];

    it('where each fen agrees: paid, declined, never paid, charged late and reversed, cancelled, refunded', async () => {
      await shop.sell('P1');
      await shop.sell('P2', 'declined');
      await shop.sell('P3', 'never paid');
      await shop.sell('P4', 'charged late');
      await shop.sell('P5');
      await shop.cancel('P5');
      await shop.refund('P1', 'R1', 40);
      expect(shop.rows(today).map(({ out_trade_no, trade_state }) => `${out_trade_no} ${trade_state}`)).to.deep.equal([
        'P1 SUCCESS',
        'P4 SUCCESS',
        'P4 REVOKED',
        'P5 SUCCESS',
        'P5 REVOKED',
        'P1 REFUND',
      ]);
      expect(await both()).to.deep.equal([]);
    });

    it('of a sale over midnight: begun at 23:59:59 and paid at 00:00:01', async () => {
      await shop.wait(untilMidnight - 1000);
      await shop.sell('M1');
      expect(shop.rows(today)).to.deep.equal([]);
      expect(shop.rows(tomorrow)).to.have.lengthOf(1);
      expect(await both()).to.deep.equal([]);
    });

    it('of a reversal on the next day, wherever the bill shows it', async () => {
      await shop.sell('N1');
      await shop.wait(untilMidnight + hour);
      await shop.cancel('N1');
      expect(await both()).to.deep.equal([]);
      expect(await shop.differences(today, { reversedOn: 'payment' })).to.deep.equal([]);
    });

    it('of a reversal that midnight parts from its charge', async () => {
      await shop.wait(untilMidnight - 25_000);
      await shop.sell('N2', 'charged late');
      const [charge] = shop.rows(today);
      expect(charge).to.include({ out_trade_no: 'N2', trade_state: 'SUCCESS' });
      const [reversal] = shop.rows(tomorrow);
      expect(reversal).to.include({ out_trade_no: 'N2', trade_state: 'REVOKED' });
      expect(await both()).to.deep.equal([]);
    });

    it('of a reversal of which the till heard on the next day', async () => {
      await shop.sell('N4');
      await shop.wait(untilMidnight - hour);
      shop.isSilent = true;
      const cancelling = shop.processor.cancel('N4');
      await shop.wait(2 * hour);
      shop.isSilent = false;
      expect(await shop.clock.until(cancelling)).to.include({ status: 'reversed' });
      expect(shop.rows(today).map(({ trade_state }) => trade_state)).to.deep.equal(['SUCCESS', 'REVOKED']);
      expect(await both()).to.deep.equal([]);
    });

    it('of a reversal of which the till acknowledged the outcome on the next day', async () => {
      await shop.sell('N3', 'charged late');
      await shop.wait(untilMidnight);
      await shop.acknowledge('N3');
      expect(await both()).to.deep.equal([]);
    });

    it('of a refund of an older sale, on the day on which it was asked for', async () => {
      await shop.sell('O1');
      await shop.wait(untilMidnight + hour);
      await shop.refund('O1', 'R1', 100);
      expect(shop.rows(tomorrow)).to.have.lengthOf(1);
      expect(await both()).to.deep.equal([]);
    });

    it('of a refund that the gateway closed, and nobody here knows', async () => {
      await shop.sell('C1');
      const at = shop.clock.real();
      shop.refunds.push({ out_trade_no: 'C1', out_refund_no: 'R1', refund_fee: 100, at, status: 'FAIL' });
      expect(await both()).to.deep.equal([]);
    });

    it('of a sale of another till that was refunded here, and of the refunds that it had', async () => {
      shop.sellElsewhere('X1');
      const at = shop.clock.real();
      shop.refunds.push({ out_trade_no: 'X1', out_refund_no: 'SITE-1', refund_fee: 30, at, status: 'SUCCESS' });
      await shop.wait(2 * minute);
      const refund = { out_refund_no: 'R1', refund_fee: 20, total_fee: 100 };
      await shop.clock.until(shop.processor.refund('X1', refund));
      expect(shop.rows(today)).to.have.lengthOf(3);
      expect(await both()).to.deep.equal([]);
    });

    it('of sales of another merchant on the same journal', async () => {
      await shop.sell('A1');
      await shop.sell('A2', 'paid', { processor: shop.till(other) });
      await shop.refund('A1', 'R1', 40);
      shop.orders.delete('A2');
      expect(await shop.differences(today)).to.deep.equal([]);
    });
  });

  describe('finds', () => {
    const found = async (bill_date = today): Promise<Difference[]> => shop.differences(bill_date);

    it('a charge of which the till was told that it was declined', async () => {
      await shop.sell('D1', 'declined');
      const { transaction_id } = shop.sellElsewhere('D1');
      expect(await found()).to.deep.equal([
        { kind: 'charged-not-told-paid', out_trade_no: 'D1', transaction_id, here: 0, there: 100, state: 'declined' },
      ]);
    });

    it('a payment that the bill does not have', async () => {
      await shop.sell('P1');
      const { transaction_id } = entryOf(shop, 'P1');
      shop.orders.delete('P1');
      expect(await found()).to.deep.equal([
        { kind: 'paid-not-in-bill', out_trade_no: 'P1', transaction_id, here: 100, there: 0, state: 'paid' },
      ]);
    });

    it('a payment that somebody else reversed', async () => {
      await shop.sell('P1');
      entryOf(shop, 'P1').revokedAt = shop.clock.real();
      const [difference, ...more] = await found();
      expect(difference).to.include({ kind: 'paid-not-in-bill', here: 100, there: 0, state: 'REVOKED' });
      expect(more).to.deep.equal([]);
    });

    it('another amount', async () => {
      await shop.sell('P1');
      entryOf(shop, 'P1').total_fee = 101;
      const [difference, ...more] = await found();
      expect(difference).to.include({ kind: 'amount', out_trade_no: 'P1', here: 100, there: 101, state: 'paid' });
      expect(more).to.deep.equal([]);
    });

    it('a sale that was told reversed, and is still charged', async () => {
      await shop.sell('L1', 'charged late');
      entryOf(shop, 'L1').revokedAt = undefined;
      const [difference, ...more] = await found();
      expect(difference).to.include({ kind: 'reversed-still-charged', here: 0, there: 100, state: 'reversed' });
      expect(more).to.deep.equal([]);
    });

    it('the same where the till acknowledged it on the next day', async () => {
      await shop.sell('L1', 'charged late');
      entryOf(shop, 'L1').revokedAt = undefined;
      await shop.wait(untilMidnight);
      await shop.acknowledge('L1');
      expect((await found()).map(({ kind }) => kind)).to.deep.equal(['reversed-still-charged']);
      expect(await found(tomorrow)).to.deep.equal([]);
    });

    it('the same of a till whose clock is a year behind', async () => {
      shop.clock.jump(-365 * 24 * hour);
      await shop.sell('P1');
      await shop.cancel('P1');
      const { transaction_id } = entryOf(shop, 'P1');
      shop.orders.delete('P1');
      const known = { out_trade_no: 'P1', transaction_id, state: 'reversed' };
      expect(await found()).to.deep.equal([{ kind: 'reversal-not-in-bill', ...known, here: 100, there: 0 }]);
    });

    it('a reversal on the next day that its bill does not have', async () => {
      await shop.sell('N1');
      await shop.wait(untilMidnight + hour);
      await shop.cancel('N1');
      entryOf(shop, 'N1').revokedAt = undefined;
      expect(await found()).to.deep.equal([]);
      const [difference, ...more] = await found(tomorrow);
      expect(difference).to.include({ kind: 'reversal-not-in-bill', out_trade_no: 'N1', here: 100, there: 0 });
      expect(more).to.deep.equal([]);
    });

    it('the refund of a till whose clock is hours ahead, if the bill does not have it', async () => {
      shop.clock.jump(20 * hour);
      await shop.sell('P1');
      await shop.refund('P1', 'R1', 40);
      expect(await found()).to.deep.equal([]);
      shop.refunds.pop();
      expect((await found()).map(({ kind }) => kind)).to.deep.equal(['refund-not-in-bill']);
      expect(await found(tomorrow)).to.deep.equal([]);
    });

    it('a refund that the bill does not have', async () => {
      await shop.sell('P1');
      await shop.refund('P1', 'R1', 40);
      shop.refunds.pop();
      const [difference, ...more] = await found();
      const { transaction_id } = entryOf(shop, 'P1');
      const known = { out_trade_no: 'P1', out_refund_no: 'R1', transaction_id };
      expect(difference).to.deep.equal({ kind: 'refund-not-in-bill', ...known, here: 40, there: 0, state: 'refunded' });
      expect(more).to.deep.equal([]);
    });

    it('a refund of another amount, and one that was made elsewhere', async () => {
      await shop.sell('P1');
      (await shop.refund('P1', 'R1', 40)).refund_fee = 41;
      const at = shop.clock.real();
      shop.refunds.push({ out_trade_no: 'P1', out_refund_no: 'R2', refund_fee: 5, at, status: 'PROCESSING' });
      const shown = (await found()).map(({ kind, out_refund_no, here, there }) => [kind, out_refund_no, here, there]);
      expect(shown).to.deep.equal([
        ['refund-unknown-here', 'R2', undefined, 5],
        ['refund-amount', 'R1', 40, 41],
      ]);
    });

    it('a refund under a known number, but of another sale', async () => {
      await shop.sell('P1');
      await shop.sell('P2');
      const entry = await shop.refund('P1', 'R1', 40);
      shop.refunds[0] = { ...entry, out_trade_no: 'P2' };
      const shown = (await found()).map(({ kind, out_trade_no }) => [kind, out_trade_no]);
      expect(shown).to.deep.equal([
        ['refund-unknown-here', 'P2'],
        ['refund-not-in-bill', 'P1'],
      ]);
    });

    it('what other tills and channels sold, reversed and refunded', async () => {
      const entry = shop.sellElsewhere('X1', 300);
      await shop.wait(minute);
      entry.revokedAt = shop.clock.real();
      shop.sellElsewhere('X2', 200);
      const at = shop.clock.real();
      shop.refunds.push({ out_trade_no: 'X2', out_refund_no: 'R1', refund_fee: 50, at, status: 'SUCCESS' });
      const shown = (await found()).map(({ kind, out_trade_no, there, state }) => [kind, out_trade_no, there, state]);
      expect(shown).to.deep.equal([
        ['unknown-here', 'X1', 300, 'SUCCESS'],
        ['unknown-here', 'X1', 0, 'REVOKED'],
        ['unknown-here', 'X2', 200, 'SUCCESS'],
        ['unknown-here', 'X2', 50, 'REFUND'],
      ]);
    });

    it('a payment and a refund that are not yet at their ends', async () => {
      await shop.sell('S1', 'silent');
      await shop.sell('P1');
      await shop.refund('P1', 'R1', 40, true);
      const shown = (await found()).map(({ kind, out_trade_no, state }) => [kind, out_trade_no, state]);
      expect(shown).to.deep.equal([
        ['undecided', 'S1', 'polling'],
        ['undecided', 'P1', 'sending'],
      ]);
    });

    it("a row under a number that is another merchant's here", async () => {
      await shop.sell('A1', 'paid', { processor: shop.till(other) });
      entryOf(shop, 'A1').mch_id = '1900000109';
      expect((await found()).map(({ kind }) => kind)).to.deep.equal(['unknown-here']);
    });

    it('a charge of which the journal has a record of another version', async () => {
      shop.sellElsewhere('V1');
      const updatedAt = shop.clock.real();
      const rest = { revision: 1, finished: true, acknowledged: false, updatedAt, data: { facts: 7 } };
      await shop.journal.create({ schema: 1, kind: 'payment', id: 'V1', state: 'paid', ...rest });
      expect((await found()).map(({ kind }) => kind)).to.deep.equal(['charged-not-told-paid']);
    });
  });

  it("holds a provider's journal against one sub-merchant, or all of them", async () => {
    shop = new ShopDay('1900000201');
    await shop.sell('A1');
    await shop.sell('B1', 'paid', {
      processor: shop.till({ ...other, mch_id: '1900000109', sub_mch_id: '1900000202' }),
    });
    expect(await shop.differences(today)).to.deep.equal([]);
    shop.orders.delete('A1');
    shop.orders.delete('B1');
    shop.sellElsewhere('X1').sub_mch_id = '1900000203';
    const kinds = async (sub_mch_id?: string) =>
      (await shop.differences(today, sub_mch_id === undefined ? {} : { sub_mch_id })).map(
        ({ kind, out_trade_no }) => `${kind} ${out_trade_no}`,
      );
    expect(await kinds('1900000201')).to.deep.equal(['paid-not-in-bill A1']);
    expect(await kinds('1900000203')).to.deep.equal(['unknown-here X1']);
    expect(await kinds()).to.deep.equal(['unknown-here X1', 'paid-not-in-bill A1', 'paid-not-in-bill B1']);
  });

  describe('streams', () => {
    const journal = new MemoryJournal();
    const bill_date = today;
    const row = () => {
      const elsewhere = new ShopDay();
      elsewhere.sellElsewhere('X1');
      const [first] = elsewhere.rows(today);
      if (first === undefined) throw new Error('no row');
      return first;
    };

    it('tells what it does not know before the next row has come', async () => {
      const bill = billOf(
        (async function* () {
          yield row();
          await new Promise(() => undefined);
        })(),
      );
      const first = await reconcile({ bill, journal, bill_date }).next();
      expect(first.value).to.include({ kind: 'unknown-here', out_trade_no: 'X1' });
    });

    it('closes the bill when nobody listens any more', async () => {
      const bill = billOf([row(), row()]);
      for await (const _ of reconcile({ bill, journal, bill_date })) break;
      expect(bill.isClosed).to.equal(true);
    });

    it('passes on what is wrong with the bill, also with its sums, and closes it', async () => {
      const unsound = new BillError('ERR_BILL', 'The bill is cut off');
      const broken = billOf({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(unsound) }) });
      const wrong = billOf([]);
      wrong.summary = () => Promise.reject(unsound);
      for (const bill of [broken, wrong]) {
        expect(await rejection(reconcile({ bill, journal, bill_date }).next())).to.equal(unsound);
        expect(bill.isClosed).to.equal(true);
      }
    });

    it('refuses a day that is none', async () => {
      for (const wrong of ['2024-11-23', '20241131', '', '2024112']) {
        const bill = billOf([]);
        const error = await rejection(reconcile({ bill, journal, bill_date: wrong }).next());
        expect(error).to.include({ code: 'ERR_INVALID_PARAMETER', parameter: 'bill_date' });
        expect(bill.isClosed).to.equal(true);
      }
    });
  });

  describe('of any days', () => {
    interface Sale {
      readonly fate: Fate;
      readonly wait: number;
      readonly cancelAfter: number | undefined;
      readonly refund: number | undefined;
    }
    const sales = fc.array(
      fc.record<Sale>({
        fate: fc.constantFrom<Fate>('paid', 'paid', 'paid', 'declined', 'never paid', 'charged late'),
        wait: fc.oneof(fc.nat(minute), fc.nat(5 * hour)),
        cancelAfter: fc.option(fc.oneof(fc.nat(minute), fc.nat(20 * hour)), { nil: undefined, freq: 4 }),
        refund: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined, freq: 3 }),
      }),
      { maxLength: 6 },
    );
    const play = async (history: readonly Sale[]): Promise<ShopDay> => {
      const day = new ShopDay();
      for (const [index, { fate, wait, cancelAfter, refund }] of history.entries()) {
        const out_trade_no = `S${index}`;
        await day.wait(wait);
        await day.sell(out_trade_no, fate);
        if (cancelAfter !== undefined) {
          await day.wait(cancelAfter);
          await day.cancel(out_trade_no);
        } else if (refund !== undefined && fate === 'paid') await day.refund(out_trade_no, `R${index}`, refund);
      }
      return day;
    };
    const days = Array.from({ length: 8 }, (_, index) => String(20_241_123 + index));

    it('finds nothing in any bill', async () => {
      await fc.assert(
        fc.asyncProperty(sales, async (history) => {
          const day = await play(history);
          for (const bill_date of days) expect(await day.differences(bill_date)).to.deep.equal([]);
        }),
        { numRuns: 60 },
      );
    });

    /** Each changes one thing in book or journal. Returns the number that it's about; undefined if it can't. */
    const plants: Readonly<Record<Difference['kind'], (day: ShopDay) => Promise<string | undefined>>> = {
      'charged-not-told-paid': async (day) => {
        await day.sell('PLANT', 'declined');
        return day.sellElsewhere('PLANT').out_trade_no;
      },
      'paid-not-in-bill': async (day) => {
        await day.sell('PLANT');
        day.orders.delete('PLANT');
        return 'PLANT';
      },
      amount: async (day) => {
        await day.sell('PLANT');
        entryOf(day, 'PLANT').total_fee += 1;
        return 'PLANT';
      },
      'reversed-still-charged': async (day) => {
        await day.sell('PLANT', 'charged late');
        entryOf(day, 'PLANT').revokedAt = undefined;
        return 'PLANT';
      },
      'reversal-not-in-bill': async (day) => {
        await day.sell('PLANT');
        await day.cancel('PLANT');
        day.orders.delete('PLANT');
        return 'PLANT';
      },
      'refund-not-in-bill': async (day) => {
        await day.sell('PLANT');
        await day.refund('PLANT', 'RPLANT', 10);
        day.refunds.pop();
        return 'PLANT';
      },
      'refund-unknown-here': async (day) => {
        await day.sell('PLANT');
        const at = day.clock.real();
        day.refunds.push({ out_trade_no: 'PLANT', out_refund_no: 'RPLANT', refund_fee: 10, at, status: 'SUCCESS' });
        return 'PLANT';
      },
      'refund-amount': async (day) => {
        await day.sell('PLANT');
        (await day.refund('PLANT', 'RPLANT', 10)).refund_fee += 1;
        return 'PLANT';
      },
      'unknown-here': async (day) => day.sellElsewhere('PLANT').out_trade_no,
      undecided: async (day) => {
        await day.sell('PLANT', 'silent');
        return 'PLANT';
      },
    };
    for (const [kind, plant] of Object.entries(plants))
      it(`finds ${kind} where it was planted, and nothing else`, async () => {
        await fc.assert(
          // In the last minutes of a day the plant itself would cross midnight.
          fc.asyncProperty(sales, fc.nat(24 * hour - 10 * minute), async (history, wait) => {
            const day = await play(history);
            const sinceMidnight = (8 * hour + day.clock.monotonic()) % (24 * hour);
            await day.wait((wait - sinceMidnight + 24 * hour) % (24 * hour));
            const out_trade_no = await plant(day);
            const found = [];
            for (const bill_date of days) found.push(...(await day.differences(bill_date)));
            expect(found.map((difference) => [difference.kind, difference.out_trade_no])).to.deep.equal([
              [kind, out_trade_no],
            ]);
          }),
          { numRuns: 15 },
        );
      });
  });
});
