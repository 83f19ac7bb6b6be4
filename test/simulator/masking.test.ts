import { request } from 'node:http';
import { expect } from 'chai';
import { newOrder, openTill } from '../support/till.js';

/** What the console tells a page, once something in it fulfils the condition. */
function snapshotWith(consoleUrl: string, condition: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(`${consoleUrl}events`, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
        if (!condition(text)) return;
        asked.destroy();
        resolve(text);
      });
    });
    asked.on('error', reject).end();
  });
}

describe('What the simulator shows', () => {
  for (const rail of ['micropay', 'facepay'] as const)
    it(`of a ${rail} holds no credential and nobody’s openid, in its calls or in its console`, async () => {
      const secrets = new Set<string>();
      const keep = (...values: unknown[]): void => {
        for (const value of values) if (typeof value === 'string') secrets.add(value);
      };
      const till = await openTill('userpaying-then-paid', {
        facePay: { rail, init: { ip: '10.0.0.1', port: '8080', user: 'proxy-user', passwd: 'proxy-password' } },
      });
      try {
        const { face, client, simulator } = till;
        keep(simulator.client.key, 'proxy-user', 'proxy-password');
        // Credentials are caught where the till gets them.
        const { getWxpayfaceCode, getWxpayfaceRawdata } = face;
        Object.assign(face, {
          async getWxpayfaceRawdata() {
            const answer = await getWxpayfaceRawdata.call(face);
            keep(answer.rawdata);
            return answer;
          },
          async getWxpayfaceCode(...given: Parameters<typeof getWxpayfaceCode>) {
            const answer = await getWxpayfaceCode.apply(face, given);
            keep(given[0].authinfo, ...['face_code', 'openid', 'face_sid'].map((name) => Object(answer)[name]));
            return answer;
          },
        });

        const order = newOrder();
        expect(await till.facePay.pay(order)).to.include({ status: 'paid' });
        await client.authcodetoopenid({ auth_code: '131234567890123456' });
        keep('131234567890123456');
        expect(await face.call('wxpaySomethingNew', { token: 'of-tomorrow' })).to.include({
          return_code: 'PARAM_ERROR',
        });
        keep('of-tomorrow');

        expect(secrets.size).to.be.at.least(9);
        const shown = await snapshotWith(simulator.consoleUrl, (text) => text.includes('wxpaySomethingNew'));
        for (const text of [JSON.stringify(simulator.calls), shown]) {
          expect(text).to.include(order.out_trade_no).and.include('"authinfo":"***"').and.include('"token":"***"');
          for (const secret of secrets) expect(text).to.not.include(secret);
          expect(text)
            .to.not.include('PRIVATE KEY')
            .and.not.match(/"sign":"(?!\*\*\*")/);
        }
      } finally {
        await till.close();
      }
    });
});
