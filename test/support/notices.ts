import { buildXml } from '../../lib/pay/xml.js';
import { mch_id } from './certificates.js';
import { appid, type Fields } from './gateway.js';

/** What is enciphered in the vendor's notification of a refund. */
export const refundResult: Fields = {
  out_refund_no: 'R1-S-0001',
  out_trade_no: 'S-0001',
  refund_account: 'REFUND_SOURCE_RECHARGE_FUNDS',
  refund_fee: '500',
  refund_id: '50300002468202411230000000001',
  refund_recv_accout: '支付用户零钱',
  refund_request_source: 'API',
  refund_status: 'SUCCESS',
  settlement_refund_fee: '490',
  settlement_total_fee: '1200',
  success_time: '2024-11-23 11:00:05',
  total_fee: '1250',
  transaction_id: '4200002468202411230000000001',
};

/** The fields as the vendor writes them before they are enciphered: its root has another name than elsewhere. */
export const refundXml = (fields: Fields): string => {
  const elements = Object.entries(fields).map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`);
  return `<root>\n${elements.join('\n')}\n</root>`;
};

/** The notification around it. */
export const noticeXml = (req_info: string, change: Fields = {}): string =>
  buildXml({ return_code: 'SUCCESS', appid, mch_id, nonce_str: 'TeqClE3i0mvn3DrK', req_info, ...change });
