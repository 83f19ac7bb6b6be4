import { isAbsent } from '../../fields.js';
import { type RefundResult, readRefund } from '../refund.js';
import { type RefundQueryResult, readRefundquery } from '../refundquery.js';
import {
  type About,
  checkIdentity,
  type Fields,
  type PayResult,
  type QueryResult,
  type ReverseResult,
  readPayment,
  readQuery,
  readReverse,
} from '../results.js';
import {
  type Translate,
  translatePayment,
  translateQuery,
  translateRefund,
  translateRefundquery,
  translateReverse,
  type VerifiedAnswer,
} from './answers.js';
import type { RequestV3 } from './exchange.js';
import type { SettingsV3 } from './options.js';
import { identityBody, type Params, paymentBody, refundBody } from './parameters.js';

/** What the client must know of one of API v3's calls. */
export interface CallV3<Result> {
  /** @throws InvalidParameterError */
  readonly request: (params: Params, settings: SettingsV3) => RequestV3;
  readonly translate: Translate;
  readonly read: (fields: Fields) => Result;
  readonly about?: About;
  /** Which of the client's identity the answers repeat. */
  readonly repeatsIdentity: boolean;
}

const transactions = ({ identity }: SettingsV3): string =>
  identity.sub_mch_id === undefined ? '/v3/pay/transactions' : '/v3/pay/partner/transactions';

/** Of an order, by the vendor's number if there is one. */
function orderPath(params: Params, settings: SettingsV3): string {
  const { transaction_id, out_trade_no } = params;
  const isById = !isAbsent(transaction_id);
  const number = encodeURIComponent(String(isById ? transaction_id : out_trade_no));
  return `${transactions(settings)}/${isById ? 'id' : 'out-trade-no'}/${number}`;
}

/** Which merchant a GET asks for. */
function asked({ identity: { mch_id, sub_mch_id } }: SettingsV3): string {
  const who: Record<string, string> =
    sub_mch_id === undefined ? { mchid: mch_id } : { sp_mchid: mch_id, sub_mchid: sub_mch_id };
  return new URLSearchParams(who).toString();
}

export const calls = {
  micropay: {
    request: (params, settings) => ({
      method: 'POST',
      path: `${transactions(settings)}/codepay`,
      body: paymentBody(params, settings),
      priority: 'payment',
      fresh: true,
      secrets: [String(params.auth_code)],
    }),
    translate: translatePayment,
    read: readPayment,
    about: 'payment',
    repeatsIdentity: true,
  },
  orderquery: {
    request: (params, settings) => ({ method: 'GET', path: `${orderPath(params, settings)}?${asked(settings)}` }),
    translate: translateQuery,
    read: readQuery,
    about: 'query',
    repeatsIdentity: true,
  },
  reverse: {
    request: ({ out_trade_no }, settings) => ({
      method: 'POST',
      path: `${orderPath({ out_trade_no }, settings)}/reverse`,
      body: identityBody(settings),
      priority: 'undo',
    }),
    translate: translateReverse,
    read: readReverse,
    repeatsIdentity: true,
  },
  refund: {
    request: (params, settings) => ({
      method: 'POST',
      path: '/v3/refund/domestic/refunds',
      body: refundBody(params, settings),
      priority: 'undo',
    }),
    translate: translateRefund,
    read: readRefund,
    about: 'refund',
    repeatsIdentity: false,
  },
  refundquery: {
    request: ({ out_refund_no }, { identity: { sub_mch_id } }) => ({
      method: 'GET',
      path:
        `/v3/refund/domestic/refunds/${encodeURIComponent(String(out_refund_no))}` +
        (sub_mch_id === undefined ? '' : `?${new URLSearchParams({ sub_mchid: sub_mch_id })}`),
    }),
    translate: translateRefundquery,
    read: readRefundquery,
    about: 'refundquery',
    repeatsIdentity: false,
  },
} as const satisfies {
  micropay: CallV3<PayResult>;
  orderquery: CallV3<QueryResult>;
  reverse: CallV3<ReverseResult>;
  refund: CallV3<RefundResult>;
  refundquery: CallV3<RefundQueryResult>;
};

/** The request in v2's names, for the answer to be held against. */
function sentFields(
  { repeatsIdentity }: CallV3<unknown>,
  params: Params,
  { identity }: Pick<SettingsV3, 'identity'>,
): Fields {
  const fields: Record<string, string> = repeatsIdentity ? { ...identity } : {};
  for (const [name, value] of Object.entries(params)) if (!isAbsent(value)) fields[name] = String(value);
  return fields;
}

/**
 * What a verified answer says, in v2's names: all of its fields, and what the caller gets.
 * @throws PayResponseError, PayMismatchError
 */
export function told<Result>(
  name: string,
  call: CallV3<Result>,
  params: Params,
  settings: Pick<SettingsV3, 'identity'>,
  answer: VerifiedAnswer,
): { fields: Fields; result: Result } {
  const fields = call.translate(answer);
  checkIdentity(name, call.about, sentFields(call, params, settings), fields);
  return { fields, result: call.read(fields) };
}
