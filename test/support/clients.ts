import { PayClient } from '../../lib/pay/client.js';
import type { PayClientOptions } from '../../lib/pay/options.js';
import { merchantCertificate } from './certificates.js';

export const out_trade_no = '20241123-0001';
export const order = { body: 'coffee', out_trade_no, total_fee: 100, auth_code: '134567890123456789' };
export const terminal = { store_id: 'S1', store_name: '大餐厅', device_id: 'D1', rawdata: 'raw/data+==' };

/** Makes clients of the suite's gateway, with the merchant's certificate; each is closed at the end of its test. */
export function clientsOf(
  gateway: () => { readonly options: PayClientOptions },
): (options?: Partial<PayClientOptions>) => PayClient {
  const clients: PayClient[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  return (options) => {
    const client = new PayClient({ ...gateway().options, certificate: merchantCertificate, ...options });
    clients.push(client);
    return client;
  };
}
