import { InvalidParameterError } from '../errors.js';
import { type FieldTable, isAbsent } from '../fields.js';
import type { Priority } from './limiter.js';
import {
  authcodetoopenidFields,
  authinfoFields,
  billFields,
  facepayFields,
  fundFlowFields,
  micropayFields,
  orderRefFields,
} from './parameters.js';
import { refundFields } from './refund.js';
import { refundqueryFields } from './refundquery.js';
import type { About } from './results.js';
import type { SignType } from './sign.js';

/** What the client must know of one of the gateway's calls. */
export interface Call {
  readonly path: string;
  readonly fields: FieldTable;
  /** What no rule for a single field can say. */
  readonly check?: (params: Readonly<Record<string, unknown>>) => void;
  /** Shows the merchant's certificate. */
  readonly certificate?: boolean;
  /** Always over a connection of its own. Default: kept ones are used again. */
  readonly fresh?: true;
  /** What comes first if there are more calls than the gateway takes. Default 'query'. */
  readonly priority?: Priority;
  /** Moves nothing, so that it may be asked again at any time. */
  readonly changesNothing?: true;
  /** Asked again over a fresh connection if a kept one was reset or silent: nobody else repeats it. */
  readonly repeatedFresh?: true;
  /** Default 'pay'. */
  readonly host?: 'face';
  /** If only one is taken. Default: the client's. */
  readonly sign_type?: SignType;
  /** Fields that are the same in each request, or need only a clock. */
  readonly constants?: () => Record<string, string>;
  readonly about?: About;
}

const oneOf =
  (...names: string[]) =>
  (params: Readonly<Record<string, unknown>>): void => {
    if (names.every((name) => isAbsent(params[name])))
      throw new InvalidParameterError(names[0] ?? '', `is required, or ${names.slice(1).join(' or ')}`);
  };

const namesOrder = oneOf('out_trade_no', 'transaction_id');

const payment = { fresh: true, about: 'payment', priority: 'payment' } as const;
const query = { fields: orderRefFields, check: namesOrder, about: 'query', changesNothing: true } as const;
const reversal = { fields: orderRefFields, check: namesOrder, certificate: true, priority: 'undo' } as const;

// Of any size: over a connection of its own, from which nothing is kept.
const bill = { fresh: true, changesNothing: true, constants: () => ({ tar_type: 'GZIP' }) } as const;

// Paths: vendor page, and docs/facts.md#the-two-rails. The facepay rail knows HMAC-SHA256 only.
export const calls = {
  getWxpayfaceAuthinfo: {
    path: '/face/get_wxpayface_authinfo',
    host: 'face',
    fields: authinfoFields,
    changesNothing: true,
    repeatedFresh: true,
    constants: () => ({ version: '1', now: String(Math.floor(Date.now() / 1000)) }),
  },
  micropay: { path: '/pay/micropay', fields: micropayFields, ...payment },
  orderquery: { path: '/pay/orderquery', ...query },
  reverse: { path: '/secapi/pay/reverse', ...reversal },
  facepay: {
    path: '/pay/facepay',
    fields: facepayFields,
    ...payment,
    sign_type: 'HMAC-SHA256',
  },
  facepayquery: {
    path: '/pay/facepayquery',
    ...query,
    sign_type: 'HMAC-SHA256',
    constants: () => ({ version: '1.0' }),
  },
  facepayreverse: { path: '/secapi/pay/facepayreverse', ...reversal, sign_type: 'HMAC-SHA256' },
  refund: {
    path: '/secapi/pay/refund',
    fields: refundFields,
    about: 'refund',
    certificate: true,
    priority: 'undo',
    check: (params) => {
      namesOrder(params);
      if (Number(params.refund_fee) > Number(params.total_fee))
        throw new InvalidParameterError('refund_fee', 'must not be more than total_fee');
    },
  },
  refundquery: {
    path: '/pay/refundquery',
    fields: refundqueryFields,
    about: 'refundquery',
    changesNothing: true,
    check: oneOf('out_trade_no', 'transaction_id', 'out_refund_no', 'refund_id'),
  },
  downloadBill: { path: '/pay/downloadbill', fields: billFields, ...bill },
  downloadFundFlow: {
    path: '/pay/downloadfundflow',
    fields: fundFlowFields,
    ...bill,
    certificate: true,
    sign_type: 'HMAC-SHA256',
  },
  authcodetoopenid: { path: '/tools/authcodetoopenid', fields: authcodetoopenidFields },
} satisfies Record<string, Call>;
