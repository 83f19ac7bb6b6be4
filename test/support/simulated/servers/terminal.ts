import { WxpayFaceError } from '../../../../lib/errors.js';
import type { PaymentOutcome } from '../../../../lib/payment/decision/outcomes.js';
import type { Sale } from '../sale.js';
import { isFinal } from '../till.js';
import { type Answer, type Front, RestoredError, TakenError } from './front.js';
import type { Server } from './server.js';
import type { ServersHistory } from './servers-history.js';

/*
 * A terminal's attempt to sell one number: it asks whichever server answers, repeats itself over lines that break, and believes no
 * outcome but its own attempt's. Times in milliseconds.
 */

type Reply = { readonly answer: Answer } | { readonly error: unknown } | undefined;

const minute = 60_000;
/** For how long a till asks where nothing is sold after a restore. */
const patience = 3 * minute;

export class Attempt {
  readonly sale: Sale;
  /** Whose shop it stands in. */
  readonly merchant: string;
  /** What it believes now. */
  believed: PaymentOutcome | undefined;
  /** The highest revision that it was told. */
  highest = 0;
  isOver = false;
  readonly #keys: string[];
  readonly #world: ServersHistory;

  constructor(world: ServersHistory, sale: Sale, { key, merchant }: { key: string; merchant: string }) {
    this.#world = world;
    this.sale = sale;
    this.merchant = merchant;
    this.#keys = [key];
  }

  async sell(): Promise<void> {
    const { clock, random } = this.#world;
    const { out_trade_no, total_fee, rail } = this.sale;
    this.sale.sells += 1;
    const code =
      rail === 'facepay' ? { face_code: this.#world.secret, openid: 'someone' } : { auth_code: '120061098828009406' };
    const order = { out_trade_no, total_fee, body: 'Tea' };
    const began = clock.monotonic();
    let isKnown = false;
    for (let tries = 0; ; tries += 1) {
      const wait = random.pick([0, 2_000, 20_000]);
      const reply = await this.#ask(wait, (front) =>
        // Once it's known that it is this attempt's, whoever looks may ask for the number alone.
        isKnown && random.chance(0.5) ? front.look(out_trade_no, wait) : front.pay(order, code, this.#key(tries), wait),
      );
      if (this.#isEnd(reply)) return this.#end();
      const isRestored = reply !== undefined && 'error' in reply && reply.error instanceof RestoredError;
      if (isRestored && clock.monotonic() - began > patience) return this.#end();
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

  #ask(wait: number, ask: (front: Front) => Promise<Answer>): Promise<Reply> {
    return this.#world.request(this.merchant, wait, (_server, { front }) => ask(front));
  }

  /** The same for every try. */
  #key(tries: number): string {
    const [key = ''] = this.#keys;
    if (this.#world.without !== 'keepsItsKey') return key;
    this.#keys.push(`${key}-${tries}`);
    return `${key}-${tries}`;
  }

  async #giveUp(): Promise<boolean> {
    const reply = await this.#world.request(this.merchant, 5_000, (server, branch) =>
      this.#world.cancelAt(server, branch, this.sale),
    );
    if (reply === undefined || !('answer' in reply)) return false;
    if (reply.answer !== 'pending') this.hear(reply.answer);
    return reply.answer !== 'pending' && isFinal(reply.answer.status);
  }

  #isEnd(reply: Reply): boolean {
    if (reply === undefined) return false;
    const isItsOwn = this.#keys.includes(String(this.#world.attemptOf(this.sale.out_trade_no)));
    const isLost = this.#world.isLost(this.sale.out_trade_no);
    if ('error' in reply && reply.error instanceof TakenError && isItsOwn && !isLost)
      this.#world.violate('an attempt was refused as another');
    if ('error' in reply) return reply.error instanceof TakenError;
    if (reply.answer === 'pending') return false;
    if (!isItsOwn && !isLost) this.#world.violate('told an attempt the outcome of another');
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
      void this.#world.request(this.merchant, 0, async (_server, { processor }) => {
        const { without } = this.#world;
        const named = without === 'acknowledgesRevision' ? this.#world.decidedAt(out_trade_no) : revision;
        await processor.acknowledge({ out_trade_no, revision: named });
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
  if (error instanceof TakenError || error instanceof RestoredError) return true;
  if (!(error instanceof WxpayFaceError)) return false;
  return /^ERR_(JOURNAL|CLOSED|ORDER_EXISTS|ORDER_UNKNOWN|ORDER_REFUNDED|REFUND)$/.test(error.code);
}

/** Nothing was written down. */
export const isUnknown = (error: unknown): boolean =>
  error instanceof TakenError || (error instanceof WxpayFaceError && error.code === 'ERR_ORDER_UNKNOWN');

export type { Reply, Server };
