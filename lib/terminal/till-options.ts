import { InvalidParameterError } from '../errors.js';
import { commands } from '../face/commands.js';
import { checkParams } from '../face/messages.js';
import { checkOpenOptions, type OpenOptions } from '../face/open.js';
import { checkFields } from '../fields.js';
import { isFields } from '../unknown.js';
import { checkTerminal } from './face-pay.js';
import type { TillOptions } from './till.js';

/** Milliseconds. */
const defaults = { customerTimeout: 90_000, callTimeout: 20_000, beyondCustomer: 10_000 };

/** Node.js's timers hold no more; and the library has some seconds beyond the customer's time. */
const longest = 2 ** 31 - 1 - defaults.beyondCustomer;

/** @throws InvalidParameterError */
export function checkCustomerTimeout(customerTimeout: number | undefined): void {
  checkFields({ customerTimeout: { type: 'integer', minimum: 1, maximum: longest } }, { customerTimeout });
}

/**
 * Holds what no merchant is needed for against the vendor's rules and ours, before anything is opened.
 * @throws InvalidParameterError
 */
export function checkTillOptions(options: TillOptions): void {
  if (!isFields(options)) throw new InvalidParameterError('options', 'must be an object');
  const { face, terminal, rail, camera, init, customerTimeout, onOutcome, onHealth } = options;
  checkTerminal({ terminal, rail, camera });
  if (init !== undefined) {
    if (!isFields(init)) throw new InvalidParameterError('init', 'must be an object');
    checkParams(commands.initWxpayface, { ...init });
  }
  checkCustomerTimeout(customerTimeout);
  if (onOutcome === undefined || onOutcome === null)
    throw new InvalidParameterError('onOutcome', 'is required: what nobody waits for any more must be heard');
  for (const [name, handler] of Object.entries({ onOutcome, onHealth }))
    if (handler !== undefined && typeof handler !== 'function')
      throw new InvalidParameterError(name, 'must be a function');
  if (face !== undefined) checkOpenOptions(face);
}

/** How a till runs the library: so that a hang is noticed, and a crash of the library isn't the till's. */
export function faceOptionsOf(options: TillOptions, platform = process.platform): OpenOptions {
  const { library, host, callTimeout } = options.face ?? {};
  return {
    library,
    host: host ?? (platform === 'win32' ? 'host-process' : 'auto'),
    callTimeout: callTimeout ?? defaults.callTimeout,
    humanTimeout: humanTimeoutOf(options, customerTimeoutOf(options)),
  };
}

/** Milliseconds after which a recognition hangs: the customer's time is over by then, unless given otherwise. */
export const humanTimeoutOf = ({ face }: TillOptions, customerTimeout: number): number =>
  face?.humanTimeout ?? customerTimeout + defaults.beyondCustomer;

export const customerTimeoutOf = ({ customerTimeout }: TillOptions): number =>
  customerTimeout ?? defaults.customerTimeout;
