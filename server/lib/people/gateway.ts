import type { Merchant } from '../merchants/merchants.js';
import type { ShownAnswer } from './shown.js';

/**
 * Asks the gateway for a sale. Nothing follows from it here: the journal's own records are asked for by those who drive them.
 * @param out_trade_no Of this merchant; of the rail that its record says.
 */
export async function askGateway({ client, journal }: Merchant, out_trade_no: string): Promise<ShownAnswer> {
  const record = await journal.get('payment', out_trade_no);
  try {
    const ask = record?.data.rail === 'facepay' ? client.facepayquery : client.orderquery;
    const answer = await ask.call(client, { out_trade_no });
    if (answer.result_code !== 'SUCCESS') return { state: answer.err_code };
    const { trade_state, total_fee } = answer;
    return { state: trade_state, ...(total_fee !== undefined && { amount: total_fee }) };
  } catch (error) {
    const { code } = Object(error);
    return { state: typeof code === 'string' ? code : 'ERR_INTERNAL' };
  }
}
