import type { PaymentClient } from '../../lib/payment/client.js';
import { hasRefunds } from '../../lib/payment/refund/client.js';
import { type Said, shows } from '../support/simulated/api-v3.js';
import type { Misread } from '../support/simulated/client.js';
import type { Mutation } from '../support/simulated/mutation.js';

/* Deliberate mistakes in reading API v3. The simulation must notice each, by what it is. */

interface MutationV3 {
  readonly mutation: Mutation;
  /** What is noticed. */
  readonly by: RegExp;
}

const reading = (change: Misread): Mutation => ({ misread: () => change });

/** A no to this call is taken for the end: each later query of the same number hears that there is nothing. */
function believingNo(call: 'pay' | 'refund', isNo: (status: number) => boolean): Mutation {
  const [query, number, nothing] =
    call === 'pay'
      ? (['query', 'out_trade_no', shows.noOrder] as const)
      : (['refundquery', 'out_refund_no', shows.noRefund] as const);
  return {
    misread: () => {
      const refused = new Set<unknown>();
      return (kind, params, said) => {
        if (kind === call && isNo(said.status)) refused.add(params[number]);
        return kind === query && refused.has(params[number]) ? nothing : said;
      };
    },
  };
}

const signed = (said: Said): Said => ({ ...said, isSigned: true });

/** A refund's status is taken for another. */
const takenForRefunded = (status: string): Mutation =>
  reading((kind, _params, said) => {
    const isHit = kind === 'refundquery' && typeof said.body === 'object' && 'status' in said.body;
    return isHit && said.body.status === status ? { ...said, body: { ...said.body, status: 'SUCCESS' } } : said;
  });

/** What v2 has begun is asked for, and goes on, by API v3. */
const allByV3: Mutation = {
  client: (client: PaymentClient) => {
    const { v2 } = client;
    if (v2 === undefined || !hasRefunds(client)) return client;
    return { ...client, v2: { ...v2, refund: client.refund, refundquery: client.refundquery } };
  },
};

const charged = /told (?:declined|reversed|failed), but charged/;
const lost = /told of a refund (?:refused|failed), at the gateway (?:SUCCESS|PROCESSING)/;
const early = /told refunded before it was given back/;

export const mutationsV3: Readonly<Record<string, MutationV3>> = {
  'takes 202 for paid': {
    mutation: reading((kind, params, said) => (kind === 'pay' && said.status === 202 ? shows.paid(params) : said)),
    by: /told paid, not charged/,
  },
  'takes a 400 for a decline that needs no query': {
    mutation: believingNo('pay', (status) => status === 400),
    by: charged,
  },
  'believes a 404 that nobody has signed': {
    mutation: reading((kind, _params, said) => (kind === 'query' && said.status === 404 ? signed(said) : said)),
    by: charged,
  },
  'believes a state that nobody has signed': {
    mutation: reading((kind, { out_trade_no }, said) =>
      kind === 'query' && said.status === 200 && !said.isSigned
        ? signed({ ...said, body: { ...Object(said.body), out_trade_no } })
        : said,
    ),
    by: charged,
  },
  'asks for a refund that v2 has begun, and sends it again': { mutation: allByV3, by: /sent by both APIs/ },
  'takes a 4xx for a no to a refund that needs no query': {
    mutation: believingNo('refund', (status) => status >= 400 && status < 500 && status !== 429),
    by: lost,
  },
  'takes a refund that is ABNORMAL for refunded': { mutation: takenForRefunded('ABNORMAL'), by: early },
  'takes a refund that is CLOSED for refunded': { mutation: takenForRefunded('CLOSED'), by: early },
  'takes a refund that is PROCESSING for refunded': { mutation: takenForRefunded('PROCESSING'), by: early },
  'believes a 404 of a refund that nobody has signed': {
    mutation: reading((kind, _params, said) => (kind === 'refundquery' && said.status === 404 ? signed(said) : said)),
    by: lost,
  },
};
