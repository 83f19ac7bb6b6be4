import { WxpayFaceError } from '../../../../lib/errors.js';
import type { PaymentOutcome } from '../../../../lib/payment/decision/outcomes.js';
import type { Sale } from '../sale.js';
import { isFinal } from '../till.js';
import { type Answer, TakenError } from './front.js';
import type { Server } from './server.js';
import type { ServersHistory } from './servers-history.js';

/*
 * A terminal's attempt to sell one number: it asks whichever server answers, repeats itself over lines that break, and believes no
 * outcome but its own attempt's. Times in milliseconds.
 */

type Reply = { readonly answer: Answer } | { readonly error: unknown } | undefined;

const minute = 60_000;

export class Attempt {
  readonly sale: Sale;
  /** What it believes now. */
  believed: PaymentOutcome | undefined;
  /** The highest revision that it was told. */
  highest = 0;
  isOver = false;
  readonly #key: string;
  readonly #world: ServersHistory;

  constructor(world: ServersHistory, sale: Sale, key: string) {
    this.#world = world;
    this.sale = sale;
    this.#key = key;
  }

  async sell(): Promise<void> {
    const { clock, random } = this.#world;
    const { out_trade_no, total_fee, rail } = this.sale;
    this.sale.sells += 1;
    const code =
      rail === 'facepay' ? { face_code: this.#world.secret, openid: 'someone' } : { auth_code: '120061098828009406' };
    const began = clock.monotonic();
    let isKnown = false;
    for (let tries = 0; ; tries += 1) {
      const wait = random.pick([0, 2_000, 20_000]);
      const reply = await this.#world.request(wait, (server) =>
        // Once it's known that it is this attempt's, whoever looks may ask for the number alone.
        isKnown && random.chance(0.5)
          ? server.front.look(out_trade_no, wait)
          : server.front.pay({ out_trade_no, total_fee, body: 'Tea' }, code, this.#key, wait),
      );
      if (this.#isEnd(reply)) return this.#end();
      if (reply !== undefined && 'answer' in reply) isKnown = true;
      // Nobody answers: better given up than not known. So does a cashier who is tired of it.
      if (!isKnown && clock.monotonic() - began > minute && (await this.#giveUp())) return this.#end();
      if (tries > 300) return this.#end();
      await clock.sleep(random.between(100, tries > 10 ? minute : 4_000));
    }
  }

  /** What a cancel() of its own, or of the cashier's, is answered. */
  hear(outcome: PaymentOutcome): void {
    if ((outcome.revision ?? 0) > this.highest) this.highest = outcome.revision ?? 0;
    const isNewer = (outcome.revision ?? 0) >= (this.believed?.revision ?? 0);
    if (isNewer || this.#world.without === 'believesHigher') this.believed = outcome;
    this.#world.told(this.sale, outcome);
    if (isFinal(outcome.status)) this.#acknowledge(outcome);
  }

  async #giveUp(): Promise<boolean> {
    const reply = await this.#world.request(5_000, (server) => this.#world.cancelAt(server, this.sale));
    if (reply === undefined || !('answer' in reply)) return false;
    if (reply.answer !== 'pending') this.hear(reply.answer);
    return reply.answer !== 'pending' && isFinal(reply.answer.status);
  }

  #isEnd(reply: Reply): boolean {
    if (reply === undefined) return false;
    if ('error' in reply) return reply.error instanceof TakenError;
    if (reply.answer === 'pending') return false;
    const { out_trade_no } = this.sale;
    if (this.#world.attemptOf(out_trade_no) !== this.#key)
      this.#world.violate('told an attempt the outcome of another');
    this.hear(reply.answer);
    return isFinal(reply.answer.status);
  }

  #acknowledge(outcome: PaymentOutcome): void {
    const { clock, random } = this.#world;
    const { out_trade_no, heard } = this.sale;
    const { revision = 0 } = outcome;
    heard.add(revision);
    if (random.chance(0.2)) return;
    clock.at(random.between(0, random.pick([100, 60_000])), () => {
      void this.#world.request(0, async (server) => {
        const { without } = this.#world;
        const named = without === 'acknowledgesRevision' ? this.#world.decidedAt(out_trade_no) : revision;
        await server.processor.acknowledge({ out_trade_no, revision: named });
        return 'pending';
      });
    });
  }

  #end(): void {
    this.isOver = true;
  }
}

/** What a server may answer instead, without a fault of it. */
export function isExpected(error: unknown): boolean {
  if (error instanceof TakenError) return true;
  if (!(error instanceof WxpayFaceError)) return false;
  return /^ERR_(JOURNAL|CLOSED|ORDER_EXISTS|ORDER_UNKNOWN|ORDER_REFUNDED|REFUND)$/.test(error.code);
}

export type { Reply, Server };
