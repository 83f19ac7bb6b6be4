import { isFields } from '../../unknown.js';
import type { LedgerResult } from '../ledger.js';
import type { Fields } from '../routes.js';

/* API v3's messages in v2's names, which the book knows, and back. */

type Json = Readonly<Record<string, unknown>>;

const part = (value: unknown): Json => (isFields(value) ? value : {});

const texts = (values: Json): Fields =>
  Object.fromEntries(
    Object.entries(values).flatMap(
      ([name, value]): Array<[string, string]> =>
        typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
    ),
  );

/** A request's body and query. */
export function fieldsOf(body: Json): Fields {
  const [amount, scene] = [part(body.amount), part(body.scene_info)];
  return texts({
    ...{ out_trade_no: body.out_trade_no, transaction_id: body.transaction_id, out_refund_no: body.out_refund_no },
    appid: body.sp_appid ?? body.appid,
    mch_id: body.sp_mchid ?? body.mchid,
    ...{ sub_appid: body.sub_appid, sub_mch_id: body.sub_mchid },
    body: body.description,
    auth_code: part(body.payer).auth_code,
    total_fee: amount.total,
    refund_fee: amount.refund,
    fee_type: amount.currency,
    device_info: scene.device_id,
    spbill_create_ip: scene.device_ip,
    store_id: part(scene.store_info).out_id ?? part(scene.store_info).id,
    ...{ attach: body.attach, goods_tag: body.goods_tag, notify_url: body.notify_url, refund_desc: body.reason },
    bill_date: typeof body.bill_date === 'string' ? body.bill_date.replaceAll('-', '') : undefined,
    ...{ bill_type: body.bill_type, tar_type: body.tar_type, token: body.token },
  });
}

/** yyyyMMddHHmmss or `yyyy-MM-dd HH:mm:ss` in Beijing, by RFC 3339. */
const rfc3339 = (time: string | undefined): string | undefined =>
  time?.replace(/\D/g, '').replace(/(....)(..)(..)(..)(..)(..)/, '$1-$2-$3T$4:$5:$6+08:00');

const fen = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));

/** The merchant in an answer. */
const whose = ({ appid, mch_id, sub_appid, sub_mch_id }: Fields): Json =>
  sub_mch_id === undefined
    ? { appid, mchid: mch_id }
    : { sp_appid: appid, sp_mchid: mch_id, sub_appid, sub_mchid: sub_mch_id };

export function orderBody(asked: Fields, ok: Fields): Json {
  const { out_trade_no, transaction_id, trade_type, trade_state, trade_state_desc, bank_type, attach } = ok;
  const isPaid = transaction_id !== undefined;
  return {
    ...whose(asked),
    ...{ out_trade_no, transaction_id, trade_type, trade_state, trade_state_desc, bank_type, attach },
    ...(isPaid && {
      success_time: rfc3339(ok.time_end),
      payer:
        asked.sub_mch_id === undefined ? { openid: ok.openid } : { sp_openid: ok.openid, sub_openid: ok.sub_openid },
      amount: {
        total: fen(ok.total_fee),
        payer_total: fen(ok.cash_fee),
        currency: ok.fee_type,
        payer_currency: ok.fee_type,
      },
    }),
  };
}

const statuses: Readonly<Record<string, string>> = { REFUNDCLOSE: 'CLOSED', CHANGE: 'ABNORMAL' };

/** @param ok Of a refund, or of a query that shows one. */
export function refundBody(_asked: Fields, ok: Fields): Json {
  const of = (name: string): string | undefined => ok[`${name}_0`] ?? ok[name];
  const status = of('refund_status') ?? 'PROCESSING';
  return {
    refund_id: of('refund_id'),
    out_refund_no: of('out_refund_no'),
    transaction_id: ok.transaction_id,
    out_trade_no: ok.out_trade_no,
    channel: 'ORIGINAL',
    user_received_account: of('refund_recv_accout') ?? '支付用户零钱',
    success_time: rfc3339(of('refund_success_time')),
    status: statuses[status] ?? status,
    amount: {
      total: fen(ok.total_fee),
      refund: fen(of('refund_fee')),
      payer_total: fen(ok.cash_fee),
      payer_refund: fen(of('refund_fee')),
      settlement_refund: fen(of('refund_fee')),
      settlement_total: fen(ok.total_fee),
      discount_refund: 0,
      currency: 'CNY',
    },
  };
}

/** v2's err_codes that API v3 spells otherwise, and their statuses. What isn't here is a 400 of the same name. */
const errors: Readonly<Record<string, readonly [status: number, code: string]>> = {
  ORDERNOTEXIST: [404, 'ORDER_NOT_EXIST'],
  INVALID_TRANSACTIONID: [404, 'ORDER_NOT_EXIST'],
  REFUNDNOTEXIST: [404, 'RESOURCE_NOT_EXISTS'],
  FREQUENCY_LIMITED: [429, 'RATE_LIMITED'],
  SYSTEMERROR: [500, 'SYSTEM_ERROR'],
  BANKERROR: [500, 'BANK_ERROR'],
  NOTENOUGH: [403, 'NOT_ENOUGH'],
  NOAUTH: [403, 'NO_AUTH'],
  SIGNERROR: [401, 'SIGN_ERROR'],
};

/** A no. USERPAYING is none: it comes with 202, and with nothing but the state. */
export function errorOf({ err_code, fields }: Extract<LedgerResult, { err_code: string }>, description: string) {
  if (err_code === 'USERPAYING') return { status: 202, body: { trade_state: 'USERPAYING' } };
  const [status, code] = errors[err_code] ?? [400, err_code];
  return { status, body: { code, message: fields?.err_code_des ?? description } };
}
