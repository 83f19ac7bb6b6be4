import { expect } from 'chai';
import { PayTransportError } from '../../lib/pay/errors.js';
import { charged, failed, isPaid, Made, reversed, state, times } from '../support/scripted/client.js';
import { code, lost, methods, missing, order, till } from '../support/scripted/till.js';

/* A number that another sale has used already: it is never told as paid, and never reversed. */

const minute = 60_000;
const hour = 60 * minute;

/** Milliseconds since the epoch as the vendor writes it, in Beijing. */
const beijing = (time: number): string => new Date(time + 8 * hour).toISOString().replaceAll(/[-:T]|\..*/g, '');

const older = (time: number) => ({ ...isPaid('A1', 100), time_end: beijing(time) });

describe("Another sale's number", () => {
  const taken = [
    failed('ORDERPAID'),
    failed('OUT_TRADE_NO_USED', '商户订单号重复'),
    failed('INVALID_REQUEST', '201 商户订单号重复'),
    failed('INVALID_REQUEST', '订单号重复提交'),
    failed('INVALID_REQUEST', 'out_trade_no already used'),
  ];
  for (const answer of taken)
    it(`is known by ${answer.err_code}, ${answer.err_code_des}`, async () => {
      const { pay, client, clock } = till({ micropay: [answer] });
      expect(await pay()).to.include({ status: 'attention', code: 'number-taken' });
      await clock.run();
      expect(methods(client.calls)).to.deep.equal(['micropay']);
    });

  it('is not meant by an INVALID_REQUEST for another reason', async () => {
    for (const des of ['频率限制', '证书错误', '商户无此权限', undefined]) {
      const { pay } = till({ micropay: [failed('INVALID_REQUEST', des)], orderquery: [missing] });
      expect(await pay(), String(des)).to.include({ status: 'declined', err_code: 'INVALID_REQUEST' });
    }
  });

  it('is known while it is given up, when the request’s own answer says so', async () => {
    const { clock, processor, client } = till({
      micropay: [
        new Made(async ({ mayLeave }) => {
          mayLeave?.();
          await clock.sleep(10_000);
          return failed('INVALID_REQUEST', '201 商户订单号重复');
        }),
      ],
    });
    const abort = new AbortController();
    clock.at(1_000, () => abort.abort());
    expect(await clock.until(processor.pay(order, code, { signal: abort.signal }))).to.include({ status: 'reversing' });
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'attention', code: 'number-taken' });
    expect(times(client.calls, 'reverse')).to.deep.equal([]);
  });

  const ways = {
    'while it is polled': { micropay: [lost] },
    'while a decline is confirmed': { micropay: [failed('NOTENOUGH')] },
  };
  for (const [words, script] of Object.entries(ways))
    it(`is known by a time_end before our request ${words}`, async () => {
      const { pay, clock, client } = till({ ...script, orderquery: [older(Date.UTC(2024, 9, 23))] });
      expect(await pay()).to.include({ status: 'attention', code: 'not-ours' });
      await clock.run();
      expect(times(client.calls, 'reverse')).to.deep.equal([]);
    });

  it('is known by a time_end before our request while it is reversed', async () => {
    const { clock, processor, client } = till({ micropay: [lost], orderquery: [lost, older(Date.UTC(2024, 9, 23))] });
    const abort = new AbortController();
    clock.at(6_000, () => abort.abort());
    expect(await clock.until(processor.pay(order, code, { signal: abort.signal }))).to.include({ status: 'reversing' });
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'attention', code: 'not-ours' });
    expect(times(client.calls, 'reverse')).to.deep.equal([]);
  });

  it('is known by a time_end before our request after a restart', async () => {
    const { clock, processor, start, client } = till({
      micropay: ['never'],
      orderquery: [older(Date.UTC(2024, 9, 23))],
    });
    void processor.pay(order, code).catch(() => undefined);
    await clock.run(undefined, 10);
    await processor.close();
    const next = start();
    for await (const outcome of await recovered(next, clock)) expect(outcome).to.include({ code: 'not-ours' });
    expect(times(client.calls, 'reverse')).to.deep.equal([]);
  });

  async function recovered(
    processor: ReturnType<ReturnType<typeof till>['start']>,
    clock: ReturnType<typeof till>['clock'],
  ) {
    const outcomes = processor.recover();
    await clock.run();
    return outcomes;
  }

  it('of a replayed answer to the payment is queried as ours', async () => {
    const replay = { ...charged('A1', 100), time_end: beijing(Date.UTC(2024, 9, 23)) };
    const { pay, client } = till({ micropay: [replay], orderquery: [isPaid('A1', 100)] });
    expect(await pay()).to.include({ status: 'paid' });
    expect(methods(client.calls)).to.deep.equal(['micropay', 'orderquery']);
  });

  describe('is judged', () => {
    const request = Date.UTC(2024, 10, 23);
    /** @param ahead Milliseconds by which the till's clock is ahead of the gateway's. */
    const judged = async (
      { ahead = 0, gateway = true, restart = false, jump = 0 },
      end: number,
    ): Promise<string | undefined> => {
      const { clock, processor, start, client } = till({
        micropay: [lost],
        orderquery: [older(request - ahead + end)],
      });
      if (gateway) Object.assign(client, { gatewayTime: () => request - ahead + clock.monotonic() });
      const paying = processor.pay(order, code).catch(() => undefined);
      if (!restart) return (await clock.until(paying))?.status;
      await clock.run(undefined, 10);
      await processor.close();
      clock.jump(jump);
      const outcomes = start().recover();
      await clock.run();
      for await (const { status } of outcomes) return status;
      return undefined;
    };

    it("by the gateway's clock, to two minutes, however wrong the till's is", async () => {
      for (const ahead of [0, 30 * 24 * hour, -30 * 24 * hour]) {
        expect(await judged({ ahead }, -minute), `${ahead}`).to.equal('paid');
        expect(await judged({ ahead }, -3 * minute), `${ahead}`).to.equal('attention');
      }
    });

    it('by what the record knows of the gateway’s clock, after a restart', async () => {
      expect(await judged({ ahead: hour, restart: true, jump: 5 * hour }, -minute)).to.equal('paid');
      expect(await judged({ ahead: hour, restart: true, jump: 5 * hour }, -3 * minute)).to.equal('attention');
    });

    it('by the till’s clock, to an hour, where no gateway’s is known', async () => {
      expect(await judged({ gateway: false }, -50 * minute)).to.equal('paid');
      expect(await judged({ gateway: false }, -70 * minute)).to.equal('attention');
    });

    it('by the till’s clock where a client can’t say the gateway’s', async () => {
      for (const gatewayTime of [() => Number.NaN, () => expect.fail('a wrapper without its private parts')]) {
        const { pay, client } = till({ micropay: [lost], orderquery: [older(request - 50 * minute)] });
        Object.assign(client, { gatewayTime });
        expect(await pay()).to.include({ status: 'paid' });
      }
    });

    it('by no clock where the till’s has jumped back since', async () => {
      expect(await judged({ gateway: false, restart: true, jump: -24 * hour }, -2 * 24 * hour)).to.equal('paid');
    });
  });

  it('is not judged by a clock that is more than five minutes from the gateway’s', async () => {
    const { clock, processor, start, client } = till({ micropay: ['never'], orderquery: [older(0)] });
    void processor.pay(order, code).catch(() => undefined);
    await clock.run(undefined, 10);
    await processor.close();
    // The till died before any answer; its clock is ten minutes ahead.
    Object.assign(client, { gatewayTime: () => clock.wall() - 10 * minute });
    const outcomes = start().recover();
    await clock.run();
    for await (const outcome of outcomes) expect(outcome).to.include({ status: 'paid' });
  });
});

describe('The first reversal', () => {
  const silent = new PayTransportError('no answer', true);

  it('waits for a query that tells where the order stands, with backoff, and says that nobody answers', async () => {
    const silence = Array.from({ length: 12 }, () => silent);
    const { clock, processor, client } = till(
      { micropay: [lost], orderquery: [...silence, state('USERPAYING'), state('REVOKED')], reverse: [reversed()] },
      { reversal: { backoff: { jitter: 0 } } },
    );
    const troubles: unknown[] = [];
    const outcome = await clock.until(
      processor.pay(order, code, {
        onProgress: ({ phase, trouble }) => phase === 'reversing' && troubles.push(trouble),
      }),
    );
    expect(outcome).to.include({ status: 'reversing' });
    await clock.run(undefined, 20_000);
    expect(await processor.outcome('A1')).to.include({ status: 'reversing', trouble: 'silence' });
    expect(await clock.until(processor.settled('A1'))).to.include({ status: 'reversed' });
    const [asked, reversals] = [times(client.calls, 'orderquery'), times(client.calls, 'reverse')];
    expect(asked.filter((at) => at >= 30_000)).to.deep.equal([
      30_000, 31_000, 33_000, 37_000, 45_000, 61_000, 93_000, 153_000, 153_000,
    ]);
    expect(reversals).to.deep.equal([153_000]);
    expect(troubles).to.include('silence');
  });

  it('does not wait where a poll has told it already', async () => {
    const { pay, client } = till(
      {
        micropay: [lost],
        orderquery: [state('USERPAYING'), silent, silent, silent, silent, silent, state('REVOKED')],
        reverse: [reversed()],
      },
      { reversal: { mode: 'await' } },
    );
    expect(await pay()).to.include({ status: 'reversed' });
    expect(times(client.calls, 'reverse')).to.deep.equal([30_000]);
  });

  it('is not sent at all to a gateway that only says that it is too busy', async () => {
    const { pay, client, clock } = till({ micropay: [lost], orderquery: [failed('SYSTEMERROR')] });
    expect(await pay()).to.include({ status: 'reversing' });
    await clock.run(undefined, 3_600_000);
    expect(times(client.calls, 'reverse')).to.deep.equal([]);
  });
});

describe('An answer to another question', () => {
  it('decides nothing: a query is believed only with our number', async () => {
    const stray = { ...state('REVOKED') };
    delete stray.out_trade_no;
    const { pay } = till({ micropay: [lost], orderquery: [stray, state('CLOSED', 'B'), isPaid('A1', 100)] });
    expect(await pay()).to.include({ status: 'paid' });
  });

  it('cannot be an ORDERNOTEXIST: what one decides is asked over a connection of its own', async () => {
    const fresh: unknown[] = [];
    const ask = new Made(async (options: { fresh?: boolean }) => {
      fresh.push(options.fresh);
      return missing;
    });
    const declined = till({ micropay: [failed('NOTENOUGH')], orderquery: [ask] });
    expect(await declined.pay()).to.include({ status: 'declined' });
    expect(fresh).to.deep.equal([true]);
    fresh.length = 0;
    const unknown = till(
      { micropay: [lost], orderquery: [ask], reverse: [reversed()] },
      { reversal: { mode: 'await' } },
    );
    expect(await unknown.pay()).to.include({ status: 'reversed' });
    expect(fresh.slice(0, 5)).to.deep.equal([false, false, false, false, false]);
    expect(new Set(fresh.slice(5))).to.deep.equal(new Set([true]));
  });
});
