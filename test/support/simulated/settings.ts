import type { PaymentProcessorOptions } from '../../../lib/payment/processor.js';
import { requestTimeout, type Traits } from './client.js';
import type { Random } from './random.js';

/* What a history is played with, drawn by chance. */

export type Policies = Required<Pick<PaymentProcessorOptions, 'polling' | 'reversal'>> &
  Pick<PaymentProcessorOptions, 'refund'>;

/** How a client sends; by which API is another matter. */
export type Manners = Omit<Traits, 'api' | 'faceCodes'>;

/** The client of this package. */
export const ownTraits: Manners = { isBounded: true, asks: true, heeds: true, hasGatewayTime: true };

/** A client of somebody else's. */
export const anyTraits = (random: Random): Manners => ({
  isBounded: random.chance(0.35),
  asks: random.chance(0.4),
  heeds: random.chance(0.5),
  hasGatewayTime: random.chance(0.5),
});

export function anyPolicies(random: Random) {
  const notBefore = random.between(0, 20_000);
  const settleAfter = Math.max(notBefore, requestTimeout) + random.between(1, 280_000);
  const timeout = random.between(0, random.chance(0.2) ? 1_000 : 60_000);
  const initial = random.between(100, 5_000);
  return {
    polling: { firstDelay: random.between(0, 8_000), interval: random.between(500, 8_000), timeout },
    reversal: {
      notBefore,
      mode: random.pick(['background', 'await']),
      settleAfter,
      backoff: {
        initial,
        factor: 1 + 2 * random.next(),
        maximum: initial + random.between(0, 60_000),
        jitter: random.next(),
      },
    },
  } satisfies Policies;
}
