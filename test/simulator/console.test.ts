import { request } from 'node:http';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';

interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

describe('The simulator’s console', () => {
  let simulator: Simulator;
  beforeEach(async () => {
    simulator = await startSimulator({ scenario: { face: 'waiting' } });
  });
  afterEach(() => simulator.close());

  const ask = (
    path: string,
    options: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const { body, ...rest } = options;
      const { hostname, port, pathname } = new URL(simulator.consoleUrl);
      // As it is: a URL would tidy it up.
      const raw = path.startsWith('/') ? path : `${pathname}${path}`;
      const asked = request({ hostname, port, path: raw, agent: false, ...rest }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
      });
      asked.on('error', reject).end(body);
    });
  /** As its own page sends it. */
  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> => {
    const { origin } = new URL(simulator.consoleUrl);
    const own = { origin, 'content-type': 'application/json' };
    return ask(path, { method: 'POST', headers: { ...own, ...headers }, body: JSON.stringify(body) });
  };
  const scenarioNow = () => simulator.scenario;

  it('is on loopback, behind a token of its own', async () => {
    // On Windows both would want the vendor's pipe.
    const other = await startSimulator({ scenario: 'service-down' });
    await other.close();
    for (const url of [simulator.consoleUrl, other.consoleUrl])
      expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/);
    expect(new URL(other.consoleUrl).pathname).to.not.equal(new URL(simulator.consoleUrl).pathname);
  });

  it('serves a page that may load nothing but its own files and may not be framed', async () => {
    const page = await ask('');
    expect(page.status).to.equal(200);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).to.include("default-src 'none'").and.include("frame-ancestors 'none'").and.not.include('unsafe');
    expect(page.headers).to.include({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    expect(page.body).to.not.match(/(?:src|href)="(?:https?:)?\/\//);
    for (const file of ['page.js', 'page.css']) {
      const { status, body } = await ask(file);
      expect(status).to.equal(200);
      expect(body).to.not.match(/(?:import|url\(|fetch\()\s*["']?https?:/);
    }
  });

  it('is served by the CommonJS build as well', async () => {
    const { startSimulator: start }: { startSimulator: typeof startSimulator } = createRequire(import.meta.url)(
      'wxpay-face/simulator',
    );
    await simulator.close();
    simulator = await start();
    for (const file of ['', 'page.js', 'page.css']) expect((await ask(file)).status).to.equal(200);
  });

  describe('refuses', () => {
    const posts = [
      ...['customer', 'scenario', 'settings', 'refund', 'notify-url'],
      ...['pay', 'scan', 'abort', 'cancel', 'give-back', 'reconcile'],
    ];
    const paths = ['', 'page.js', 'page.css', 'events', ...posts];

    it('every path without the token, or with a wrong one', async () => {
      const { pathname } = new URL(simulator.consoleUrl);
      const token = pathname.replaceAll('/', '');
      const wrong = [`${'0'.repeat(32)}`, token.slice(1), `${token}0`, token.toUpperCase().replace(/\d/g, 'A'), ''];
      for (const path of paths)
        for (const each of wrong)
          expect(await ask(`/${each}/${path}`), `${each}/${path}`).to.include({ status: 404, body: '' });
      expect((await ask('/')).status).to.equal(404);
      expect((await ask(`/${token}`)).status).to.equal(404);
    });

    it('every other path', async () => {
      for (const path of [
        'page.ts',
        '../package.json',
        '%2e%2e/package.json',
        'console/page.js',
        'constructor',
        'page.js/',
      ])
        expect((await ask(path)).status, path).to.equal(404);
    });

    it('a request that names another host: a name may have been rebound to this machine', async () => {
      const { port } = new URL(simulator.consoleUrl);
      for (const host of [`evil.example:${port}`, `localhost:${port}`, '127.0.0.1', 'evil.example'])
        for (const path of paths)
          expect((await ask(path, { headers: { host } })).status, `${host} ${path}`).to.equal(403);
    });

    it('a request that another site’s page sends', async () => {
      for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1', 'http://127.0.0.1:1']) {
        expect((await ask('events', { headers: { origin } })).status).to.equal(403);
        expect((await post('scenario', { name: 'not-enough' }, { origin })).status).to.equal(403);
      }
      expect(scenarioNow()).to.deep.equal({ face: 'waiting' });
    });

    it('what a form could send', async () => {
      const { origin } = new URL(simulator.consoleUrl);
      const body = JSON.stringify({ name: 'not-enough' });
      const form = { method: 'POST', headers: { origin, 'content-type': 'text/plain' }, body };
      expect((await ask('scenario', form)).status).to.equal(403);
      const noOrigin = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
      expect((await ask('scenario', noOrigin)).status).to.equal(403);
      expect(scenarioNow()).to.deep.equal({ face: 'waiting' });
    });

    it('other methods than each path’s own', async () => {
      for (const path of posts) expect((await ask(`${path}?name=not-enough`)).status).to.be.oneOf([404, 405]);
      for (const path of posts) {
        const reply = await ask(path);
        expect(reply).to.include({ status: 405 });
        expect(reply.headers.allow).to.equal('POST');
      }
      expect((await post('events', {})).status).to.equal(405);
      expect((await post('', {})).status).to.equal(405);
    });

    it('a change that makes no sense, and says why', async () => {
      const nonsense: Array<[string, unknown, string]> = [
        ['scenario', { name: 'sucess' }, 'scenario must be one of success'],
        ['scenario', {}, 'name must be a string'],
        ['settings', { latency: -1 }, 'latency must be milliseconds'],
        ['settings', { scenario: 'not-enough' }, 'scenario is no setting'],
        ['customer', { action: 'dance' }, 'action must be one of show-face'],
        ['refund', {}, 'out_refund_no must be a string'],
        ['refund', { out_refund_no: 'R1', end: 'PROCESSING' }, 'end must be one of SUCCESS'],
        ['notify-url', { url: 'file:///etc/hostname' }, 'notifyUrl must be an address'],
        ['pay', { out_trade_no: 'A1', total_fee: 12.5, body: 'x' }, 'total_fee must be whole fen'],
        ['pay', { total_fee: 1, body: 'x' }, 'out_trade_no must be a string'],
        ['scan', { out_trade_no: 'A1', total_fee: 1, body: 'x' }, 'code must be a string'],
        ['give-back', { out_trade_no: 'A1', refund_fee: '1' }, 'refund_fee must be whole fen'],
        ['reconcile', {}, 'bill_date must be a string'],
        ['settings', 'x'.repeat(100_000), 'body is too long'],
      ];
      for (const [path, body, said] of nonsense) {
        const reply = await post(path, body);
        expect(reply.status, said).to.equal(400);
        expect(reply.body).to.include(said);
      }
      expect(scenarioNow()).to.deep.equal({ face: 'waiting' });
    });
  });

  it('changes the scenario, and single settings on top of it', async () => {
    expect((await post('scenario', { name: 'not-enough' })).status).to.equal(204);
    expect(scenarioNow()).to.equal('not-enough');
    expect((await post('settings', { latency: 250, loseRequest: ['reverse'] })).status).to.equal(204);
    expect((await post('settings', { query: 'SYSTEMERROR' })).status).to.equal(204);
    expect(scenarioNow()).to.deep.equal({
      scenario: 'not-enough',
      latency: 250,
      loseRequest: ['reverse'],
      query: 'SYSTEMERROR',
    });
  });

  it('tells a customer’s action apart that nothing asks for, and a refund’s that there isn’t', async () => {
    expect((await post('customer', { action: 'show-face' })).status).to.equal(409);
    expect((await post('refund', { out_refund_no: 'R1' })).status).to.equal(409);
    expect((await post('refund', { out_refund_no: 'R1', end: 'SUCCESS' })).status).to.equal(409);
  });

  it('tells apart that the till has nothing to give up, to take back or to refund', async () => {
    expect((await post('abort', {})).status).to.equal(409);
    expect((await post('cancel', { out_trade_no: 'A1' })).status).to.equal(409);
    expect((await post('give-back', { out_trade_no: 'A1', refund_fee: 1 })).status).to.equal(409);
  });

  it('does one thing at a time, and ends with the simulator, whatever its till is at', async () => {
    const sale = { out_trade_no: 'A1', total_fee: 1, body: 'x' };
    expect((await post('pay', sale)).status).to.equal(204);
    expect((await post('pay', { ...sale, out_trade_no: 'A2' })).status).to.equal(409);
    expect((await post('give-back', { out_trade_no: 'A1', refund_fee: 1 })).status).to.equal(409);
    await simulator.close();
  });

  it('shows a day’s bill, where the gateway has one', async () => {
    const today = new Date(Date.now() + 8 * 60 * 60 * 1000).toISOString().slice(0, 10).replaceAll('-', '');
    expect(await ask(`bill-${today}.txt`)).to.include({ status: 404, body: 'No Bill Exist' });
    expect((await ask('bill-2026.txt')).status).to.equal(404);
    expect((await post(`bill-${today}.txt`, {})).status).to.equal(405);
  });

  it('tells every change as it happens, as one JSON snapshot', async () => {
    const told = new Promise<string>((resolve, reject) => {
      const asked = request(new URL('events', simulator.consoleUrl), { agent: false }, (response) => {
        expect(response.headers['content-type']).to.equal('text/event-stream');
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          if (text === '') simulator.scenario = { scenario: 'lost-response', latency: 123 };
          text += chunk;
          if (text.includes('"latency":123') && text.endsWith('\n\n')) {
            asked.destroy();
            resolve(text);
          }
        });
      });
      asked.on('error', reject).end();
    });
    const messages = (await told).split('\n\n').filter(Boolean);
    const snapshots = messages.map((message) => JSON.parse(message.slice(message.indexOf('data: ') + 6)));
    expect(snapshots[0]).to.deep.include({ scenario: 'success', ledger: [], events: [], offered: [] });
    expect(snapshots[0].screen).to.deep.equal({ shows: 'idle', abandoned: false });
    expect(snapshots.at(-1)).to.deep.include({ scenario: 'lost-response' });
    expect(snapshots.at(-1).settings).to.deep.include({ latency: 123, loseResponse: ['micropay', 'facepay'] });
  });
});
