import { PayTransportError } from '../../pay/errors.js';
import { type About, errorOf } from './answers.js';
import { type Line, type Patience, type Question, RefusedError } from './line.js';

/** Milliseconds for which a question is repeated. */
export interface Patiences {
  readonly look: number;
  /** For a payment or a refund of which nothing can have arrived: its customer stands there. */
  readonly unsent: number;
  readonly inDoubt: number;
}

/** Seconds for which the server may wait until there is something to tell. */
export const usualWait = 15;
export const forEver: Patience = { unsent: Number.POSITIVE_INFINITY, inDoubt: Number.POSITIVE_INFINITY };

/** The questions of one till, whose refusals are the errors that a merchant in this process would throw. */
export class Questions {
  readonly line: Line;
  readonly patience: Patiences;
  readonly #tokenName: string;

  /** @param tokenName What the token's option is called. */
  constructor(line: Line, patience: Patiences, tokenName: string) {
    this.line = line;
    this.patience = patience;
    this.#tokenName = tokenName;
  }

  get look(): Patience {
    return { unsent: this.patience.look, inDoubt: this.patience.look };
  }

  /** Of what the server answers at once. */
  async ask<Value>(question: Question<Value>, about: About = {}): Promise<Value> {
    const said = await this.mapping(this.line.ask(question), about);
    if ('value' in said) return said.value;
    throw new PayTransportError('the merchant server answered 202 to what needs no waiting', true, { why: 'broken' });
  }

  /** Of what may take any time. */
  decided<Value>(question: Omit<Question<Value>, 'patience' | 'wait'>, about: About): Promise<Value> {
    return this.mapping(this.line.askUntilDecided({ ...question, patience: forEver, wait: usualWait }), about);
  }

  async mapping<Value>(asking: Promise<Value>, about: About): Promise<Value> {
    try {
      return await asking;
    } catch (error) {
      throw this.mapped(error, about);
    }
  }

  mapped(error: unknown, about: About): unknown {
    return error instanceof RefusedError ? errorOf(error.refusal, about, this.#tokenName) : error;
  }
}
