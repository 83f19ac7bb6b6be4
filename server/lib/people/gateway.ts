import type { Merchant } from '../merchants/merchants.js';
import type { ShownAnswer } from './shown.js';

/**
 * Asks the gateway for a sale. Nothing follows from it here: the journal's own records are asked for by those who drive them.
 * @param out_trade_no Of this merchant; of the rail that its record says.
 */
export async function askGateway({ client, paying, journal }: Merchant, out_trade_no: string): Promise<ShownAnswer> {
  const rail = (await journal.get('payment', out_trade_no))?.data.rail;
  try {
    const asked = rail === 'codepay' ? paying : client;
    const answer = await (rail === 'facepay'
      ? client.facepayquery({ out_trade_no })
      : asked.orderquery({ out_trade_no }));
    if (answer.result_code !== 'SUCCESS') return { state: answer.err_code };
    const { trade_state, total_fee } = answer;
    return { state: trade_state, ...(total_fee !== undefined && { amount: total_fee }) };
  } catch (error) {
    const { code } = Object(error);
    return { state: typeof code === 'string' ? code : 'ERR_INTERNAL' };
  }
}
