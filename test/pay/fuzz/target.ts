import { deepStrictEqual } from 'node:assert';
import { fundFlow, tradeBill } from '../../../lib/pay/bill/columns.js';
import { BillReader } from '../../../lib/pay/bill/reader.js';
import {
  BillError,
  PayMismatchError,
  PayProtocolError,
  PayResponseError,
  PaySignatureError,
} from '../../../lib/pay/errors.js';
import { readRefundNotice } from '../../../lib/pay/refund-notice.js';
import { type CallV3, calls, told } from '../../../lib/pay/v3/calls.js';
import { readReply } from '../../../lib/pay/v3/reply.js';
import { buildXml, parseXml } from '../../../lib/pay/xml.js';
import { encipher } from '../../support/encipher.js';

type Refusal = abstract new (...given: never[]) => Error;

/** What a reader makes of it; undefined if it's refused, by one of these errors. */
function unlessRefused<Result>(read: () => Result, ...refusals: Refusal[]): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (refusals.some((refusal) => error instanceof refusal)) return undefined;
    throw error;
  }
}

/** Read as fields that can be written and read again. */
function fuzzXml(body: Buffer): void {
  const fields = unlessRefused(() => parseXml(body), PayResponseError);
  if (fields === undefined) return;
  for (const value of Object.values(fields)) if (typeof value !== 'string') throw new Error('A value is no text');
  deepStrictEqual(parseXml(buildXml(fields)), fields);
}

/** What each call of API v3 is answered, signed or not; paid is only what says so of our order and amount, signed and with 200. */
function fuzzV3(body: Buffer): void {
  const identity = { appid: 'wxd930ea5d5a258f4f', mch_id: '1900000109' };
  const params = { out_trade_no: 'A-0001', out_refund_no: 'R-0001', total_fee: 100, refund_fee: 40 };
  for (const [name, call] of Object.entries<CallV3<{ result_code: string }>>(calls))
    for (const status of [200, 202, 400, 401, 404, 429, 500])
      for (const isSigned of [true, false]) {
        const headers = isSigned ? { 'wechatpay-signature': 'good' } : {};
        const reply = { status, headers, body, contentType: '', certificateNote: '', date: undefined };
        const read = () => {
          const answer = readReply(name, reply, ['134567890123456789'], () => undefined);
          return told(name, call, params, { identity }, answer).result;
        };
        const refusals = [PayResponseError, PayMismatchError, PayProtocolError, PaySignatureError];
        const result = unlessRefused(read, ...refusals);
        if (result === undefined) continue;
        if (!isSigned) throw new Error('Nobody signed it');
        if (name !== 'micropay' || result.result_code !== 'SUCCESS') continue;
        const { trade_state, out_trade_no, amount } = JSON.parse(body.toString());
        deepStrictEqual([status, trade_state, out_trade_no, amount.total], [200, 'SUCCESS', 'A-0001', 100]);
      }
}

/** The notice as it is, and one that has it enciphered. */
function fuzzNotice(body: Buffer): void {
  const identity = { appid: 'wxd930ea5d5a258f4f', mch_id: '1900000109' };
  const around = { return_code: 'SUCCESS', ...identity, req_info: encipher(body, 'key') };
  for (const xml of [body, buildXml(around)]) {
    const notice = unlessRefused(() => readRefundNotice(xml, identity, ['key']), PayResponseError, PayMismatchError);
    if (notice !== undefined && !Number.isSafeInteger(notice.refund_fee)) throw new Error('An amount is none');
  }
}

/** Rows with whole amounts and as many texts as there are columns, whatever the pieces are. */
function fuzzBill(body: Buffer): void {
  const text = body.toString();
  const [header = ''] = text.split('\n', 1);
  const rest = text.slice(header.length + 1);
  for (const format of [tradeBill, fundFlow])
    unlessRefused(() => {
      const reader = new BillReader(header, format);
      for (const piece of [rest.slice(0, rest.length / 2), rest.slice(rest.length / 2)])
        for (const row of reader.read(piece))
          if (!Number.isSafeInteger(row.total_fee) || row.total_fee < 0) throw new Error('An amount is none');
      for (const sum of Object.values(reader.end())) if (!Number.isFinite(sum)) throw new Error('A sum is no number');
    }, BillError);
}

export function fuzz(body: Buffer): void {
  for (const each of [fuzzXml, fuzzV3, fuzzNotice, fuzzBill]) each(body);
  deepStrictEqual(Object.getPrototypeOf({}), Object.prototype);
}
