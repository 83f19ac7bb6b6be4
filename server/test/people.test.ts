import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { type MerchantServer, type MerchantServerOptions, type NewPerson, startMerchantServer } from '../lib/index.js';
import { Client } from './support/client.js';
import { type Postgres, sharedPostgres } from './support/postgres.js';
import { until } from './support/records.js';
import { rejection } from './support/rejection.js';
import { Visitor } from './support/visitor.js';

let numbers = 0;
const newNumber = (): string => {
  numbers += 1;
  return `P${numbers}`;
};
/** A customer's code, good for one payment. */
const newCode = (): string => {
  numbers += 1;
  return `13${String(numbers).padStart(16, '0')}`;
};

const polling = { firstDelay: 50, interval: 100, timeout: 3_000 };
const reversal = { notBefore: 300, backoff: { initial: 50, factor: 2, maximum: 400, jitter: 0.2 } };

describe('The page’s HTTP', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let postgres: Postgres;

  before(async () => {
    simulator = await startSimulator();
    postgres = await sharedPostgres();
  });
  after(() => simulator.close());
  afterEach(() => {
    simulator.scenario = 'success';
  });

  for (const kind of ['a folder', 'a database'] as const)
    describe(`with its journal in ${kind}`, () => {
      let folder: string;
      let database: string;
      const servers: MerchantServer[] = [];
      let server: MerchantServer;

      before(async () => {
        folder = await mkdtemp(join(tmpdir(), 'wxpay-face-server-'));
        database = await postgres.database();
        const place = kind === 'a folder' ? { folder } : { database: postgres.url(database) };
        const options: MerchantServerOptions = {
          ...place,
          merchants: [
            { name: 'tea', ...simulator.client },
            { name: 'cake', ...simulator.client, mch_id: '1900000110' },
          ],
          lease: 2_000,
          polling,
          reversal,
        };
        servers.push(await startMerchantServer(options));
        // People meet on any of the servers.
        if (kind === 'a database') servers.push(await startMerchantServer(options));
        server = servers[0] ?? expect.fail();
      });
      after(async () => {
        for (const each of servers.splice(0)) await each.close();
        await rm(folder, { recursive: true });
      });

      let names = 0;
      /** Who has signed in, on any of the servers. */
      const person = async (change: Partial<NewPerson> = {}): Promise<Visitor> => {
        names += 1;
        const { token } = await server.addPerson({
          name: `person ${names}`,
          merchants: ['tea'],
          role: 'act',
          ...change,
        });
        const visitor = new Visitor(`${servers[names % servers.length]?.adminUrl}/`);
        expect((await visitor.signIn(token)).status).to.equal(200);
        return visitor;
      };
      const till = async (): Promise<Client> => {
        names += 1;
        const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };
        const { token } = await server.addTerminal({ name: `till ${names}`, ...shop });
        return new Client(server.url, token);
      };
      const sale = async (total_fee = 100): Promise<string> => {
        const number = newNumber();
        const paid = await (await till()).pay(number, newCode(), { key: 'one', total_fee });
        expect(paid.body.status).to.equal('paid');
        return number;
      };
      /** One that ended in front of a person: its number is another sale's. */
      const attention = async (): Promise<string> => {
        const number = newNumber();
        simulator.scenario = 'number-taken';
        const told = await (await till()).pay(number, newCode(), { key: 'one', wait: 20 });
        simulator.scenario = 'success';
        expect(told.body.status).to.equal('attention');
        return number;
      };
      const refundsOf = (number: string): number =>
        simulator.ledger.find(({ out_trade_no }) => out_trade_no === number)?.refunded ?? 0;

      it('lets a person in by its token, keeps the session in a cookie that no page can read, and lets it out', async () => {
        const { token } = await server.addPerson({ name: 'Li', merchants: ['tea'], role: 'look' });
        const visitor = new Visitor(`${server.adminUrl}/`);
        expect((await visitor.get('session')).status).to.equal(401);
        const said = await visitor.signIn(token);
        expect(said.body).to.deep.equal({ name: 'Li', role: 'look', merchants: ['tea'] });
        const [cookie = ''] = said.headers.getSetCookie();
        expect(cookie.split('; ').slice(1)).to.have.members([
          'Path=/',
          'Max-Age=28800',
          'HttpOnly',
          'Secure',
          'SameSite=Strict',
        ]);
        expect(cookie).not.to.include(token);
        expect((await visitor.get('session')).body.name).to.equal('Li');
        const before = visitor.cookie;
        const out = await visitor.ask('DELETE', 'session');
        expect([out.status, out.headers.getSetCookie()[0]?.includes('Max-Age=0')]).to.deep.equal([204, true]);
        // Also whoever kept a copy of it.
        visitor.cookie = before;
        expect((await visitor.get('session')).status).to.equal(401);
      });

      it('refuses a person that this server can’t know', async () => {
        for (const wrong of [
          { merchants: ['coffee'] },
          { merchants: [] },
          { name: '' },
          { role: 'rule' },
          { refundLimit: 1 },
        ])
          expect(
            await rejection(
              server.addPerson(Object.assign({ name: 'x', merchants: ['tea'], role: 'look' as const }, wrong)),
            ),
          ).to.include({ code: 'ERR_INVALID_PARAMETER' });
      });

      it('ends the sessions of a person that is added again', async () => {
        const first = await server.addPerson({ name: 'Wang', merchants: ['tea'], role: 'act' });
        const visitor = new Visitor(`${server.adminUrl}/`);
        await visitor.signIn(first.token);
        await server.addPerson({ name: 'Wang', merchants: ['tea'], role: 'look' });
        expect((await visitor.get('session')).status).to.equal(401);
        expect((await visitor.signIn(first.token)).status).to.equal(401);
      });

      it('asks again for what isn’t the page’s own: another origin, none, another kind of content', async () => {
        const visitor = await person();
        const number = await sale();
        const { body: seen } = await visitor.record('tea', number);
        const forged = new Visitor(visitor.url, 'https://evil.example');
        forged.cookie = visitor.cookie;
        for (const answer of [
          await forged.confirm('refund', seen, { refund_fee: 100 }),
          await forged.post('session', { token: 'x'.repeat(43) }),
          await forged.ask('DELETE', 'session'),
          await forged.post('look-up', { merchant: 'tea', id: number }),
          await visitor.ask('POST', 'act', seen, { 'sec-fetch-site': 'cross-site' }),
          await visitor.ask('DELETE', 'session', undefined, { origin: 'null' }),
        ])
          expect([answer.status, answer.body.code]).to.deep.equal([403, 'ERR_ORIGIN']);
        const noOrigin = await fetch(new URL('session', visitor.url), {
          method: 'DELETE',
          headers: { cookie: visitor.cookie ?? '' },
        });
        expect(noOrigin.status).to.equal(403);
        const typed = await visitor.ask('POST', 'act', JSON.stringify(seen), { 'content-type': 'text/plain' });
        expect(typed.status).to.equal(415);
        expect([refundsOf(number), (await visitor.get('session')).status]).to.deep.equal([0, 200]);
      });

      it('shows a person nothing of another’s merchants, and doesn’t say whether there is anything', async () => {
        const number = await sale();
        const stranger = await person({ merchants: ['cake'] });
        const { sales, terminals, merchants } = await stranger.shown();
        expect([sales, terminals, merchants]).to.deep.equal([[], [], ['cake']]);
        const ours = await person();
        const { body: seen } = await ours.record('tea', number);
        for (const answer of [
          await stranger.record('tea', number),
          await stranger.record('cake', number),
          await stranger.record('none', number),
          await stranger.confirm('refund', seen, { refund_fee: 100 }),
          await stranger.post('look-up', { merchant: 'tea', id: number }),
        ])
          expect([answer.status, answer.body.code]).to.deep.equal([404, 'ERR_ORDER_UNKNOWN']);
        expect(refundsOf(number)).to.equal(0);
      });

      it('lets who may only look do nothing', async () => {
        const number = await sale();
        const looker = await person({ role: 'look' });
        for (const [act, more] of [
          ['refund', { refund_fee: 1 }],
          ['give-up', {}],
          ['acknowledge', {}],
        ] as const) {
          const { status, body } = await looker.act(act, 'tea', number, more);
          expect([status, body.code]).to.deep.equal([403, 'ERR_FORBIDDEN']);
        }
        expect((await looker.record('tea', number)).body).to.include({ state: 'paid', amount: 100, given_back: 0 });
      });

      it('gives back once for two people at once, and tells the second how it stands', async () => {
        const number = await sale();
        const people = await Promise.all([person(), person()]);
        const seen = await Promise.all(people.map((each) => each.record('tea', number)));
        const answers = await Promise.all(
          people.map((each, n) => each.confirm('refund', seen[n]?.body ?? {}, { refund_fee: 40 })),
        );
        expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 409]);
        const late = answers.find(({ status }) => status === 409)?.body ?? {};
        expect(late.code).to.equal('overtaken');
        await until(() => refundsOf(number) > 0);
        expect(refundsOf(number)).to.equal(40);
        const { body: now } = await (people[0] ?? expect.fail()).record('tea', number);
        expect([now.given_back, Object(now.refunds).length]).to.deep.equal([40, 1]);
      });

      it('is one refund if the same view is confirmed again', async () => {
        const number = await sale();
        const visitor = await person();
        const { body: seen } = await visitor.record('tea', number);
        const answers = [];
        for (let n = 0; n < 3; n += 1) answers.push(await visitor.confirm('refund', seen, { refund_fee: 30 }));
        expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200]);
        const { body: now } = await visitor.record('tea', number);
        expect([now.given_back, Object(now.refunds)[0]?.id]).to.deep.equal([30, seen.form]);
        // What it saw first is over for another view of that time.
        const { status, body } = await visitor.confirm('refund', { ...seen, form: now.form }, { refund_fee: 30 });
        expect([status, body.code, Object(body.record).given_back]).to.deep.equal([409, 'overtaken', 30]);
      });

      it('refuses more than is left, says which rule, and leaves the sale to others', async () => {
        const number = await sale();
        const visitor = await person();
        const { status, body } = await visitor.act('refund', 'tea', number, { refund_fee: 101 });
        expect([status, body.code, Object(body.record).given_back]).to.deep.equal([409, 'ERR_REFUND', 0]);
        expect(Object(body.told).title).to.be.a('string');
        expect((await visitor.act('refund', 'tea', number, { refund_fee: 100 })).status).to.equal(200);
        const again = await visitor.act('refund', 'tea', number, { refund_fee: 1 });
        expect([again.status, again.body.code]).to.deep.equal([409, 'impossible']);
      });

      it('gives a paid sale up once for two people at once', async () => {
        const number = await sale();
        const people = await Promise.all([person(), person()]);
        const seen = await Promise.all(people.map((each) => each.record('tea', number)));
        const answers = await Promise.all(people.map((each, n) => each.confirm('give-up', seen[n]?.body ?? {})));
        expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 409]);
        const stateNow = async () => (await (people[0] ?? expect.fail()).record('tea', number)).body.state;
        await until(async () => (await stateNow()) === 'reversed');
        const refused = await (people[1] ?? expect.fail()).act('refund', 'tea', number, { refund_fee: 1 });
        expect([refused.status, refused.body.code]).to.deep.equal([409, 'impossible']);
      });

      it('doesn’t both give up and give back', async () => {
        const number = await sale();
        const people = await Promise.all([person(), person()]);
        const seen = await Promise.all(people.map((each) => each.record('tea', number)));
        const answers = await Promise.all([
          people[0]?.confirm('give-up', seen[0]?.body ?? {}),
          people[1]?.confirm('refund', seen[1]?.body ?? {}, { refund_fee: 100 }),
        ]);
        expect(answers.map((answer) => answer?.status).sort()).to.deep.equal([200, 409]);
      });

      it('shows what needs a person with what to do, until one says that it’s dealt with: once', async () => {
        const number = await attention();
        const people = await Promise.all([person(), person()]);
        const needs = async (): Promise<Array<Record<string, unknown>>> =>
          Object((await (people[0] ?? expect.fail()).shown()).needs).filter(({ id }: { id: unknown }) => id === number);
        const [need] = await needs();
        expect(need).to.deep.include({ kind: 'payment', state: 'attention', can: ['acknowledge'] });
        expect(Object(need?.told).advice).to.be.a('string').and.not.equal('');
        const seen = await Promise.all(people.map((each) => each.record('tea', number)));
        const answers = await Promise.all(people.map((each, n) => each.confirm('acknowledge', seen[n]?.body ?? {})));
        expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 409]);
        expect(await needs()).to.deep.equal([]);
      });

      it('shows sales as they happen', async () => {
        const visitor = await person();
        const number = await sale(250);
        const { sales, terminals, person: who } = await visitor.shown();
        const found = Object(sales).find(({ id }: { id: unknown }) => id === number);
        expect(found).to.deep.include({ merchant: 'tea', kind: 'payment', state: 'paid', amount: 250, store: '1' });
        expect(Object(terminals).map(({ name }: { name: string }) => name)).to.include(found.terminal);
        expect(Object(who).role).to.equal('act');
      });

      it('asks the gateway for a sale', async () => {
        const visitor = await person({ role: 'look' });
        const number = await sale(120);
        const { status, body } = await visitor.post('look-up', { merchant: 'tea', id: number });
        expect([status, body]).to.deep.equal([200, { gateway: { state: 'SUCCESS', amount: 120 } }]);
        const none = await visitor.post('look-up', { merchant: 'tea', id: 'NOBODY-1' });
        expect(none.body).to.deep.equal({ gateway: { state: 'ORDERNOTEXIST' } });
      });

      it('has its Content-Security-Policy in every answer, and nothing of a customer or a secret in any', async () => {
        const { token } = await server.addPerson({ name: 'Zhao', merchants: ['tea'], role: 'act' });
        const visitor = new Visitor(`${server.adminUrl}/`);
        const number = await sale();
        const answers = [
          await visitor.get(''),
          await visitor.get('page.js'),
          await visitor.get('page.css'),
          await visitor.get('nothing'),
          await visitor.get('metrics'),
          await visitor.get('healthz'),
          await visitor.get('session'),
          await visitor.post('session', { token: 'wrong' }),
          await visitor.post('session', '{'),
          await visitor.signIn(token),
          await visitor.get('session'),
          await visitor.record('tea', number),
          await visitor.record('tea', 'nobody'),
          await visitor.post('look-up', { merchant: 'tea', id: number }),
          await visitor.act('refund', 'tea', number, { refund_fee: 1 }),
          await visitor.act('refund', 'tea', number, { refund_fee: 100 }),
          await visitor.ask('PUT', 'act', {}),
          await visitor.ask('DELETE', 'session'),
        ];
        for (const { headers, text, status } of answers) {
          const policy = headers.get('content-security-policy') ?? '';
          expect(policy, text)
            .to.include("default-src 'none'")
            .and.include("script-src 'self'")
            .and.not.include('unsafe');
          expect(headers.get('x-content-type-options'), String(status)).to.equal('nosniff');
          expect(headers.get('cache-control')).to.equal('no-store');
        }
        await visitor.signIn(token);
        const told = [...answers.map(({ text }) => text), JSON.stringify(await visitor.shown())].join('\n');
        const { key, certificate } = simulator.client;
        for (const secret of [key, Object(certificate).key, token, visitor.cookie?.split('=')[1], 'openid', 'secret'])
          expect(told.includes(String(secret)), String(secret).slice(0, 8)).to.equal(false);
      });

      it('speaks the language that the browser prefers, and the one that was chosen', async () => {
        const visitor = new Visitor(`${server.adminUrl}/`);
        for (const [headers, language] of [
          [{}, 'zh-CN'],
          [{ 'accept-language': 'en-US,en;q=0.9,zh;q=0.8' }, 'en'],
          [{ 'accept-language': 'zh-TW,en;q=0.9' }, 'zh-CN'],
          [{ 'accept-language': 'zh', cookie: 'wxpay-face-language=en' }, 'en'],
        ] as const)
          expect((await visitor.ask('GET', '', undefined, { ...headers })).headers.get('content-language')).to.equal(
            language,
          );
        const number = await attention();
        const inside = await person();
        const titles = await Promise.all(
          (['zh', 'en'] as const).map(async (language) => {
            const { needs } = await inside.shown(language);
            return Object(needs).find(({ id }: { id: unknown }) => id === number)?.told.title;
          }),
        );
        expect(titles[0]).to.match(/\p{Script=Han}/u);
        expect(titles[1]).to.match(/^[\x20-\x7e]+$/);
      });

      it('lets a person of a service provider see all its sub-merchants, and one of a sub-merchant that one', async () => {
        const { sub_mch_id: _, ...provider } = { sub_mch_id: undefined, ...simulator.client };
        const chain = await startMerchantServer({
          ...(kind === 'a folder' ? { folder: join(folder, 'chain') } : { database: postgres.url(database) }),
          merchants: [
            {
              name: 'chain',
              ...provider,
              mch_id: '1900000111',
              sub_merchants: { north: { sub_mch_id: '1900000112' }, south: { sub_mch_id: '1900000113' } },
            },
          ],
        });
        try {
          for (const [merchants, seen] of [
            [['chain'], ['chain/north', 'chain/south']],
            [['chain/south'], ['chain/south']],
          ] as const) {
            const { token } = await chain.addPerson({ name: `of ${merchants[0]}`, merchants, role: 'look' });
            const visitor = new Visitor(`${chain.adminUrl}/`);
            await visitor.signIn(token);
            expect((await visitor.shown()).merchants).to.deep.equal(seen);
          }
          for (const merchants of [['chain/west'], ['chai'], ['chain/']])
            expect(await rejection(chain.addPerson({ name: 'x', merchants, role: 'look' }))).to.include({
              code: 'ERR_INVALID_PARAMETER',
            });
        } finally {
          await chain.close();
        }
      });

      if (kind === 'a database') {
        it('ends a session after eight hours, by the database’s clock', async () => {
          const visitor = await person();
          const [row] = await postgres.query(
            database,
            `select max(until) between now() + interval '479 minutes' and now() + interval '480 minutes' as "isRight" from wxpay_face.person_session`,
          );
          expect(row?.isRight).to.equal(true);
          await postgres.query(database, 'update wxpay_face.person_session set until = now()');
          expect((await visitor.get('session')).status).to.equal(401);
          expect(await visitor.shown()).to.include({ status: 401 });
        });

        it('ends the sessions of a person that is removed', async () => {
          const visitor = await person({ name: 'Sun' });
          await postgres.query(database, `update wxpay_face.person set removed_at = now() where name = 'Sun'`);
          expect((await visitor.get('session')).status).to.equal(401);
          expect(await visitor.shown()).to.include({ status: 401 });
        });

        it('keeps what is in front of a person there although its terminal has acknowledged it', async () => {
          const number = newNumber();
          simulator.scenario = 'number-taken';
          const cashier = await till();
          const { body } = await cashier.pay(number, newCode(), { key: 'one', wait: 20 });
          const { revision } = body;
          await cashier.ask('POST', `/v1/payments/${number}/acknowledge`, { revision });
          const visitor = await person();
          const needs = async () => JSON.stringify((await visitor.shown()).needs);
          expect(await needs()).to.include(number);
          expect((await visitor.act('acknowledge', 'tea', number)).status).to.equal(200);
          expect(await needs()).not.to.include(number);
        });

        it('shows the servers, and what their leases are good for', async () => {
          const { servers: shown } = await (await person()).shown();
          const live = Object(shown).filter(({ lease }: { lease: unknown }) => typeof lease === 'number');
          expect(live.map(({ id }: { id: string }) => id)).to.have.members(servers.map(({ id }) => id));
          expect(live.filter(({ isThis }: { isThis: boolean }) => isThis)).to.have.length(1);
        });

        it('writes down who did what, before it is done', async () => {
          const number = await sale();
          const visitor = await person({ name: 'Zhou' });
          await visitor.post('look-up', { merchant: 'tea', id: number });
          const { body: seen } = await visitor.record('tea', number);
          await visitor.confirm('refund', seen, { refund_fee: 40 });
          const lines = await postgres.query(
            database,
            `select action, number, subject, amount::int from wxpay_face.audit where actor = 'person' and actor_name = 'Zhou' order by at`,
          );
          expect(lines).to.deep.equal([
            { action: 'look-up', number, subject: null, amount: null },
            { action: 'refund', number: seen.form, subject: number, amount: 40 },
          ]);
          const [added] = await postgres.query(
            database,
            `select subject from wxpay_face.audit where action = 'person-added' and subject = 'Zhou'`,
          );
          expect(added).to.deep.equal({ subject: 'Zhou' });
        });

        it('keeps no token and no session but their hashes', async () => {
          const { token } = await server.addPerson({ name: 'Qian', merchants: ['tea'], role: 'act' });
          const visitor = new Visitor(`${server.adminUrl}/`);
          await visitor.signIn(token);
          const rows = [
            await postgres.query(database, 'select * from wxpay_face.person'),
            await postgres.query(database, 'select * from wxpay_face.person_session'),
          ];
          expect(JSON.stringify(rows)).not.to.include(token).and.not.to.include(visitor.cookie?.split('=')[1]);
        });
      } else
        it('says that it has no nights without a database', async () => {
          expect(await (await person()).shown()).not.to.have.property('nights');
        });

      // The last: it leaves this address shut out.
      it('slows down whoever guesses', async () => {
        const { token } = await server.addPerson({ name: 'Sun', merchants: ['tea'], role: 'look' });
        const visitor = new Visitor(`${server.adminUrl}/`);
        const statuses = [];
        for (let n = 0; n < 14; n += 1) statuses.push((await visitor.post('session', { token: `guess-${n}` })).status);
        expect(statuses.slice(-2)).to.deep.equal([429, 429]);
        const right = await visitor.signIn(token);
        expect([right.status, Number(right.headers.get('retry-after')) > 0]).to.deep.equal([429, true]);
      });
    });
});
