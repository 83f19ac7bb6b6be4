import { compactTime } from './beijing.js';
import { charge, type LedgerEntry, newOrder, type Order, reverse } from './money.js';
import type { SimulatorSettings } from './scenario.js';

/** An order with all that answers and bills say of it. Times are the gateway's. */
export interface StoredOrder extends Order {
  readonly transaction_id: string;
  readonly openid: string;
  readonly trade_type: string;
  readonly body: string;
  /** Of a service provider's order. */
  readonly sub_mch_id: string;
  /** Fields of the payment that later answers give back as they came. */
  readonly echo: Readonly<Record<string, string>>;
  readonly startedAt: number;
  queries: number;
  /** The customer walked away from the password. */
  abandoned: boolean;
}

/** What a call comes to: the fields of a good answer, or the vendor's err_code. */
export type LedgerResult = { ok: Record<string, string> } | { err_code: string; fields?: Record<string, string> };

const hour = 60 * 60 * 1000;

const echoed = ['attach', 'device_info', 'fee_type'];

const alreadyThere: Record<LedgerEntry['trade_state'], string> = {
  SUCCESS: 'ORDERPAID',
  REFUND: 'ORDERPAID',
  REVOKED: 'ORDERREVERSED',
  CLOSED: 'ORDERCLOSED',
  NOTPAY: 'OUT_TRADE_NO_USED',
  USERPAYING: 'OUT_TRADE_NO_USED',
  PAYERROR: 'OUT_TRADE_NO_USED',
};

const stateInWords: Record<LedgerEntry['trade_state'], string> = {
  SUCCESS: '支付成功',
  REFUND: '订单发生过退款,退款详情请查询退款单',
  NOTPAY: '订单未支付',
  CLOSED: '订单已关闭',
  REVOKED: '订单已撤销',
  USERPAYING: '需要用户输入支付密码',
  PAYERROR: '支付失败,请重新下单支付',
};

/** The gateway's book: what it does to money. Knows no HTTP and no signature. */
export class Ledger {
  readonly #orders = new Map<string, StoredOrder>();
  readonly #usedCodes = new Set<string>();
  #serial = 0;

  get entries(): ReadonlyArray<LedgerEntry> {
    return [...this.#orders.values()].map(({ out_trade_no, trade_state, total_fee, charged, refunded }) => ({
      out_trade_no,
      trade_state,
      total_fee,
      charged,
      refunded,
    }));
  }

  get orders(): readonly StoredOrder[] {
    return [...this.#orders.values()];
  }

  /** A number of the vendor's, 28 digits. */
  newId(prefix: string, now: number): string {
    this.#serial += 1;
    const serial = String(this.#serial);
    return `${prefix}${compactTime(now)}`.padEnd(28 - serial.length, '0') + serial;
  }

  #giveUpIfLate(order: StoredOrder, settings: SimulatorSettings, now: number): void {
    if (order.trade_state === 'USERPAYING' && now - order.startedAt >= settings.giveUpAfter)
      order.trade_state = 'PAYERROR';
  }

  find(fields: Readonly<Record<string, string>>): StoredOrder | undefined {
    // Vendor page: transaction_id wins if both are given.
    if (fields.transaction_id)
      return [...this.#orders.values()].find((order) => order.transaction_id === fields.transaction_id);
    return this.#orders.get(fields.out_trade_no ?? '');
  }

  #paid(order: StoredOrder, trade_type: string): Record<string, string> {
    return {
      ...order.echo,
      openid: order.openid,
      is_subscribe: 'N',
      trade_type,
      bank_type: 'OTHERS',
      total_fee: String(order.total_fee),
      cash_fee: String(order.total_fee),
      transaction_id: order.transaction_id,
      out_trade_no: order.out_trade_no,
      time_end: compactTime(order.paidAt),
    };
  }

  pay(
    fields: Readonly<Record<string, string>>,
    payer: { code: string; openid: string; trade_type: string },
    settings: SimulatorSettings,
    now: number,
  ): LedgerResult {
    const out_trade_no = fields.out_trade_no ?? '';
    const existing = this.#orders.get(out_trade_no) ?? this.#otherSale(fields, payer, settings, now);
    if (existing) return this.#taken(existing, payer.trade_type, settings);
    if (this.#usedCodes.has(payer.code)) return { err_code: 'AUTH_CODE_ERROR' };
    this.#usedCodes.add(payer.code);

    const { payment, charged } = settings;
    const declined = payment !== 'paid' && payment !== 'password' && !charged;
    // Most declines never create an order (docs/facts.md#declines).
    if (declined) return { err_code: payment };

    const order = this.#add(fields, payer, now);
    if (payment === 'password') return { err_code: 'USERPAYING' };
    charge(order, now + settings.clock);
    if (payment !== 'paid') return { err_code: payment };
    return { ok: this.#paid(order, payer.trade_type) };
  }

  #add(
    fields: Readonly<Record<string, string>>,
    { openid, trade_type }: { openid: string; trade_type: string },
    now: number,
  ): StoredOrder {
    const order: StoredOrder = {
      ...newOrder(fields.out_trade_no ?? '', Number(fields.total_fee)),
      transaction_id: this.newId('42000', now),
      openid,
      trade_type,
      body: fields.body ?? '',
      sub_mch_id: fields.sub_mch_id ?? '',
      echo: {
        fee_type: 'CNY',
        ...Object.fromEntries(echoed.flatMap((name) => (fields[name] ? [[name, fields[name]]] : []))),
        ...(fields.sub_appid ? { sub_openid: `${openid}-sub`, sub_is_subscribe: 'N' } : {}),
      },
      startedAt: now,
      queries: 0,
      abandoned: false,
    };
    this.#orders.set(order.out_trade_no, order);
    return order;
  }

  /** The sale that had the number before, if it's not free. */
  #otherSale(
    fields: Readonly<Record<string, string>>,
    payer: { openid: string; trade_type: string },
    settings: SimulatorSettings,
    now: number,
  ): StoredOrder | undefined {
    if (settings.numberUsed === 'free') return undefined;
    const before = now - hour;
    const order = this.#add(fields, { ...payer, openid: `${payer.openid}-other` }, before);
    charge(order, before + settings.clock);
    return order;
  }

  #taken(order: StoredOrder, trade_type: string, { numberUsed }: SimulatorSettings): LedgerResult {
    if (numberUsed === 'SUCCESS') return { ok: this.#paid(order, trade_type) };
    const err_code = numberUsed === 'free' ? alreadyThere[order.trade_state] : numberUsed;
    // The words of the wire (docs/facts.md#a-number-of-another-sale).
    return err_code === 'INVALID_REQUEST' ? { err_code, fields: { err_code_des: '201 商户订单号重复' } } : { err_code };
  }

  #awaitingPassword(settings: SimulatorSettings, now: number): StoredOrder | undefined {
    const orders = [...this.#orders.values()].reverse();
    for (const order of orders) this.#giveUpIfLate(order, settings, now);
    return orders.find(({ trade_state, abandoned }) => trade_state === 'USERPAYING' && !abandoned);
  }

  /** The newest order whose customer is asked for the password. */
  awaitingPassword(settings: SimulatorSettings, now: number): LedgerEntry | undefined {
    return this.#awaitingPassword(settings, now);
  }

  /** The customer enters the password, if the gateway still waits for it. */
  enterPassword(settings: SimulatorSettings, now: number): void {
    const order = this.#awaitingPassword(settings, now);
    if (order) charge(order, now + settings.clock);
  }

  /** The customer will never enter it: the gateway gives up in its own time. */
  abandonPassword(settings: SimulatorSettings, now: number): void {
    const order = this.#awaitingPassword(settings, now);
    if (order) order.abandoned = true;
  }

  query(
    fields: Readonly<Record<string, string>>,
    trade_type: string,
    settings: SimulatorSettings,
    now: number,
  ): LedgerResult {
    if (settings.query) return { err_code: settings.query };
    const order = this.find(fields);
    if (!order) return { err_code: 'ORDERNOTEXIST' };
    this.#giveUpIfLate(order, settings, now);
    if (order.trade_state === 'USERPAYING' && settings.password === 'entered' && !order.abandoned) {
      if (order.queries >= settings.passwordQueries) charge(order, now + settings.clock);
      order.queries += 1;
    }
    const { trade_state, out_trade_no, echo } = order;
    const state = { trade_state, trade_state_desc: stateInWords[trade_state] };
    if (trade_state === 'SUCCESS' || trade_state === 'REFUND')
      return { ok: { ...this.#paid(order, trade_type), ...state } };
    return { ok: { out_trade_no, ...(echo.attach ? { attach: echo.attach } : {}), ...state } };
  }

  reverse(fields: Readonly<Record<string, string>>, settings: SimulatorSettings, now: number): LedgerResult {
    if (settings.reverse) return { err_code: settings.reverse, fields: { recall: 'Y' } };
    const order = this.find(fields);
    if (order) reverse(order, now + settings.clock);
    // Reversing an order that doesn't exist answers SUCCESS (docs/facts.md#reversals).
    return { ok: { recall: 'N' } };
  }

  close(fields: Readonly<Record<string, string>>): LedgerResult {
    const order = this.find(fields);
    if (!order) return { err_code: 'ORDERNOTEXIST' };
    if (order.charged > 0) return { err_code: 'ORDERPAID' };
    order.trade_state = 'CLOSED';
    return { ok: {} };
  }
}
