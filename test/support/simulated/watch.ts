import { PayProtocolError } from '../../../lib/pay/errors.js';
import { troubleOf } from '../../../lib/pay/trouble.js';
import { beijingTime } from '../../../lib/payment/decision/request-time.js';
import { connectTimeout, type Reply, type Witness } from './client.js';
import type { Kind } from './gateway.js';
import type { History, Program } from './history.js';
import type { Sale } from './sale.js';
import { isFinal } from './till.js';

const [minute, hour] = [60_000, 3_600_000];
/** A request of an own client never leaves later than this after it was written down. */
const youth = Math.max(15_000, 2 * connectTimeout);
const isOfSale = (kind: Kind): boolean => kind === 'pay' || kind === 'query' || kind === 'reverse';

/** What is seen of a till's calls while they happen: whether each may leave, and what the till knows by its answers. */
export class Watch {
  readonly #world: History;

  constructor(world: History) {
    this.#world = world;
  }

  witness(till: Program): Witness {
    return {
      step: () => this.#world.step(till),
      refunding: (params) => this.#world.refunding?.refunding(till, params),
      called: (kind, number) => {
        this.#world.stand(till, 'called');
        if (kind === 'pay') this.#paying(till, this.#world.sale(number));
      },
      left: (kind, number) => {
        if (isOfSale(kind)) this.#left(till, kind, this.#world.sale(number));
      },
      arrived: (kind, number, reply) => {
        if (isOfSale(kind)) this.#arrived(till, kind, this.#world.sale(number), reply);
        else this.#world.stand(till, 'answered');
      },
      heard: (kind, number, reply, fresh) => {
        if (isOfSale(kind)) this.#heard(till, kind, this.#world.sale(number), reply, fresh);
        else this.#world.refunding?.heard(kind, number, reply);
      },
      failed: (kind, out_trade_no, error) => {
        if (!isOfSale(kind)) this.#world.refunding?.failed(kind, out_trade_no, error);
        if (kind === 'pay' && troubleOf(error) === 'limit') this.#world.sale(out_trade_no).isLimitHeard = true;
        till.knowsGatewayTime ||= this.#world.traits.hasGatewayTime && error instanceof PayProtocolError;
        if (kind === 'reverse' && troubleOf(error) === 'certificate')
          this.#refused(till, this.#world.sale(out_trade_no));
      },
    };
  }

  #paying(till: Program, sale: Sale): void {
    sale.calledAt ??= this.#world.clock.monotonic();
    sale.deadline = till.clock.monotonic() + this.#world.pollingTimeout;
    if (this.#world.stands.isAhead('deadline'))
      this.#world.clock.at(this.#world.random.between(0, this.#world.pollingTimeout), () =>
        this.#world.stand(till, 'deadline'),
      );
    if (sale.abortAt?.where === 'client') this.#world.abortNow(till, sale);
  }

  #left(till: Program, kind: Kind, sale: Sale): void {
    sale.calls += 1;
    const now = this.#world.clock.monotonic();
    const state = this.#world.states.get(sale.out_trade_no);
    const { created, calledAt, leftAt } = sale;
    if (kind === 'pay') {
      sale.requests += 1;
      sale.hasLeft = true;
      sale.leftAt = now;
      if (state === undefined || created === undefined) {
        this.#world.violate('sent before it was journalled');
        return;
      }
      const age = Math.max(till.clock.monotonic() - created.monotonic, till.clock.wall() - created.wall);
      if (this.#world.traits.asks && age > youth + 1) this.#world.violate('the payment request left too late');
      if (this.#world.traits.asks && sale.isGivenUpUnsent && !this.#world.hasJournalFaults)
        this.#world.violate('the payment request left after it was given up');
    }
    if (kind !== 'reverse') return;
    this.#world.refunding?.reversing(sale.out_trade_no);
    if (!this.#world.mayReverse(till, sale.out_trade_no))
      this.#world.violate(`reversed while the journal says ${state}`);
    if (calledAt !== undefined && now - calledAt < this.#world.notBefore - 1)
      this.#world.violate('reversed before notBefore');
    if (this.#world.traits.asks && leftAt !== undefined && now - leftAt < this.#world.notBefore - 1)
      this.#world.violate('reversed before notBefore after the payment request left');
    if (!sale.confirmedBy.has(till)) this.#world.violate('reversed before a query told where the order stands');
    if (sale.knownOldBy.has(till)) this.#world.violate("reversed an older sale's payment");
  }

  #arrived(till: Program, kind: Kind, sale: Sale, reply: Reply): void {
    this.#world.stand(till, 'answered');
    if (kind !== 'pay' || !till.isAlive || !this.#world.isOwnClient || sale.deadline === undefined) return;
    const isPaid = reply.result_code === 'SUCCESS' && this.#world.states.get(sale.out_trade_no) === 'submitting';
    if (isPaid && till.clock.monotonic() < sale.deadline - 1) sale.owed = { till, deadline: sale.deadline };
  }

  #heard(till: Program, kind: Kind, sale: Sale, reply: Reply, fresh: boolean): void {
    till.knowsGatewayTime ||= this.#world.traits.hasGatewayTime;
    const { out_trade_no } = sale;
    if (reply.result_code === 'FAIL') {
      const { err_code, err_code_des = '' } = reply;
      const isOpen = !isFinal(this.#world.states.get(out_trade_no));
      if (kind === 'pay' && isOpen && (/ORDERPAID|OUT_TRADE_NO_USED/.test(err_code) || err_code_des.includes('重复')))
        sale.isKnownTaken = true;
      if (kind === 'pay' && err_code === 'FREQUENCY_LIMITED') sale.isLimitHeard = true;
      if (kind === 'query' && err_code === 'ORDERNOTEXIST' && fresh) sale.confirmedBy.add(till);
      if (kind === 'reverse') delete sale.certificateSince;
      return;
    }
    if (kind === 'reverse') delete sale.certificateSince;
    if (kind !== 'query' || !('trade_state' in reply)) return;
    const isOurs = 'out_trade_no' in reply && reply.out_trade_no === out_trade_no;
    if (!isOurs || reply.trade_state === 'UNLISTED') return;
    sale.confirmedBy.add(till);
    const paidAt =
      reply.trade_state === 'SUCCESS' && typeof reply.time_end === 'string' ? beijingTime(reply.time_end) : undefined;
    if (paidAt !== undefined && this.#isKnownOld(till, sale, paidAt)) sale.knownOldBy.add(till);
  }

  /**
   * When it can be known that a payment is older than ours. By the gateway's clock: if the client tells it and this run of
   * the till has sold, or the record holds it; to two minutes, and what the last Date header may be behind. By the till's
   * clock: if the client tells no gateway's clock or both agree; to an hour. Nothing is claimed of a clock that jumps or of
   * a machine that sleeps.
   */
  #isKnownOld(till: Program, { out_trade_no, created, isElsewhere }: Sale, paidAt: number): boolean {
    if (created === undefined || isElsewhere || this.#world.isJumpy || this.#world.stands.isSuspendable) return false;
    const { hasGatewayTime } = this.#world.traits;
    const slack = this.#world.stands.stood + minute;
    if (
      this.#world.dated.has(out_trade_no) ||
      (hasGatewayTime && created.till === till && !this.#world.hasJournalFaults)
    )
      return paidAt < created.gateway - 2 * minute - slack;
    const then = created.wall - created.gateway;
    const now = till.clock.wall() - this.#world.network.gateway.time();
    const difference = Math.max(Math.abs(then), Math.abs(now), Math.abs(then - now));
    // What it was by another machine's clock can't be said by one that differs from it.
    if (Math.abs(then - now) > 4 * minute) return false;
    if (hasGatewayTime && difference + this.#world.stands.stood > 4 * minute) return false;
    return paidAt < created.wall - hour - minute;
  }

  #refused(till: Program, sale: Sale): void {
    sale.certificateSince ??= this.#world.clock.monotonic();
    if (this.#world.hasJournalFaults || this.#world.stands.areAny) return;
    const ask = async () => {
      const outcome = till.isAlive ? await till.processor.outcome(sale.out_trade_no) : undefined;
      if (outcome?.status === 'reversing' && outcome.trouble !== 'certificate')
        this.#world.violate('reversing without a word of the refused certificate');
    };
    this.#world.clock.at(1, () => void ask());
  }
}
