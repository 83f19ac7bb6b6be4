import { request } from 'node:https';
import { gunzipSync } from 'node:zlib';
import { PayClient, sign } from 'wxpay-face';
import { type ScenarioSettings, type Simulator, type SimulatorOptions, startSimulator } from 'wxpay-face/simulator';

/** A merchant's side before a simulator, whose gateway answers at once. */
export interface Merchant {
  readonly simulator: Simulator;
  readonly client: PayClient;
  /** Changes how the gateway behaves: what is not named is as in 'success'. */
  become(settings: ScenarioSettings): void;
  /** A sale that somebody's wallet paid; its number. */
  sell(total_fee?: number, fields?: Record<string, string>): Promise<string>;
  refund(out_trade_no: string, out_refund_no: string, refund_fee: number, total_fee?: number): Promise<Fields>;
  refundquery(fields: Record<string, string>): Promise<Record<string, string>>;
  /** What comes for a signed request of a client that isn't ours: nothing is checked, and no limit slows it down. */
  ask(path: string, fields: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

type Fields = Record<string, unknown>;

interface Answer {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly text: string;
}

let serial = 0;

export async function openMerchant(settings: ScenarioSettings = {}, options: SimulatorOptions = {}): Promise<Merchant> {
  const simulator = await startSimulator({ ...options, scenario: { latency: 0, ...settings } });
  const client = new PayClient(simulator.client);
  return {
    simulator,
    client,
    become: (next) => {
      simulator.scenario = { latency: 0, ...next };
    },
    async sell(total_fee = 1000, fields = {}) {
      serial += 1;
      const out_trade_no = `S${serial}`;
      const auth_code = `13${String(serial).padStart(16, '0')}`;
      await client.micropay({ out_trade_no, total_fee, body: '拿铁', auth_code, ...fields });
      return out_trade_no;
    },
    refund: async (out_trade_no, out_refund_no, refund_fee, total_fee = 1000) => ({
      ...(await client.refund({ out_trade_no, out_refund_no, total_fee, refund_fee })),
    }),
    refundquery: (fields) => client.post('/pay/refundquery', fields),
    ask: (path, fields) =>
      new Promise((resolve, reject) => {
        const { appid, mch_id, key, endpoints, ca, certificate } = simulator.client;
        const all = { appid, mch_id, nonce_str: 'n', sign_type: 'HMAC-SHA256', ...fields };
        const signed = Object.entries({ ...all, sign: sign(all, key, 'HMAC-SHA256') });
        const body = `<xml>${signed.map(([name, value]) => `<${name}>${value}</${name}>`).join('')}</xml>`;
        const merchant = certificate && 'cert' in certificate ? { ...certificate } : {};
        const asked = request(
          `${endpoints?.pay}${path}`,
          { method: 'POST', agent: false, ca: String(ca), ...Object(merchant) },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk) => chunks.push(chunk));
            response.on('end', () => {
              const bytes = Buffer.concat(chunks);
              const isZipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
              resolve({ headers: response.headers, bytes, text: String(isZipped ? gunzipSync(bytes) : bytes) });
            });
          },
        );
        asked.on('error', reject).end(body);
      }),
    close: async () => {
      client.close();
      await simulator.close();
    },
  };
}
