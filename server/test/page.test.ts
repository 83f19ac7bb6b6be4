import { expect } from 'chai';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { type MerchantServer, type NewPerson, startMerchantServer } from '../lib/index.js';
import { accessibilityProblems, describeInChromium, launchChromium, whatOverflows } from './support/browser.js';
import { Client } from './support/client.js';
import { type Postgres, sharedPostgres } from './support/postgres.js';
import { until } from './support/records.js';

let numbers = 0;
/**
 * Rows are found by it: no other number, and no random one of a refund, has it as a part.
 * @param wide Letters as wide as the vendor takes them.
 */
const newNumber = (wide = false): string => {
  numbers += 1;
  return `${wide ? 'WWWWWWWWWWWWWWWWWWWWWWWW' : 'sale-'}${String(numbers).padStart(8, '0')}`;
};
const newCode = (): string => {
  numbers += 1;
  return `13${String(numbers).padStart(16, '0')}`;
};

const schemes: Readonly<Record<string, BrowserContextOptions>> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  'forced colours': { forcedColors: 'active' },
};

describeInChromium('The page for people in Chromium', () => {
  let browser: Browser;
  let simulator: Simulator;
  let postgres: Postgres;
  let database: string;
  /** People meet on either. */
  let servers: MerchantServer[];
  let till: Client;
  const pages: Page[] = [];

  before(async () => {
    browser = await launchChromium();
    simulator = await startSimulator();
    postgres = await sharedPostgres();
    database = await postgres.database();
    const options = {
      database: postgres.url(database),
      merchants: [
        { name: 'tea', ...simulator.client },
        { name: 'cake', ...simulator.client, mch_id: '1900000110' },
      ],
      lease: 2_000,
      polling: { firstDelay: 50, interval: 100, timeout: 3_000 },
      reversal: { notBefore: 300, backoff: { initial: 50, factor: 2, maximum: 400, jitter: 0.2 } },
    };
    servers = [await startMerchantServer(options), await startMerchantServer(options)];
    const { token } = await server().addTerminal({
      name: '收银台一',
      merchant: 'tea',
      store_id: '1',
      store_name: '茶馆',
    });
    till = new Client(server().url, token);
  });
  after(async () => {
    await browser?.close();
    for (const each of servers ?? []) await each.close();
    await simulator?.close();
  });
  afterEach(async () => {
    simulator.scenario = 'success';
    for (const page of pages.splice(0)) await page.context().close();
  });

  const server = (n = 0): MerchantServer => servers[n] ?? expect.fail();
  const open = async (options: BrowserContextOptions = {}, n = 0): Promise<Page> => {
    const page = await browser.newPage({
      locale: 'en-US',
      viewport: { width: 1280, height: 800 },
      reducedMotion: 'reduce',
      ...options,
    });
    pages.push(page);
    // Whatever the policy refuses, and whatever fails, would be said here.
    page.on('pageerror', (error) => expect.fail(String(error)));
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
    });
    await page.goto(`${server(n).adminUrl}/`);
    await page.locator('#entrance').waitFor();
    return page;
  };
  const complaints: string[] = [];
  let names = 0;
  const tokenOf = async (change: Partial<NewPerson> = {}): Promise<string> => {
    names += 1;
    const person = { name: `person ${names}`, merchants: ['tea'], role: 'act' as const, ...change };
    return (await server().addPerson(person)).token;
  };
  const enter = async (options: BrowserContextOptions = {}, change: Partial<NewPerson> = {}, n = 0): Promise<Page> => {
    const token = await tokenOf(change);
    const page = await open(options, n);
    await page.locator('#token').fill(token);
    await page.keyboard.press('Enter');
    await page.locator('#connection.live').waitFor();
    return page;
  };
  const sale = async (total_fee = 100, number = newNumber()): Promise<string> => {
    const { body } = await till.pay(number, newCode(), { key: 'one', total_fee });
    expect(body.status).to.equal('paid');
    return number;
  };
  const attention = async (number = newNumber()): Promise<string> => {
    simulator.scenario = 'number-taken';
    const { body } = await till.pay(number, newCode(), { key: 'one', wait: 20 });
    simulator.scenario = 'success';
    expect(body.status).to.equal('attention');
    return number;
  };
  const row = (page: Page, number: string) => page.locator('#sales tr', { hasText: number });
  const refunded = (number: string) => simulator.ledger.find(({ out_trade_no }) => out_trade_no === number)?.refunded;
  const seeAndBegin = async (page: Page, number: string, act: string): Promise<void> => {
    await row(page, number).locator('button.number').click();
    await page.locator('#case-body button', { hasText: act }).click();
    await page.locator('#confirm').waitFor();
  };

  it('lets a person in by its token and out again, and no other', async () => {
    const page = await open();
    await page.locator('#token').fill('not a token');
    await page.keyboard.press('Enter');
    await page.locator('#sign-in-problem', { hasText: 'Nobody has this token' }).waitFor();
    await page.locator('#token').fill(await tokenOf({ name: 'Li' }));
    await page.keyboard.press('Enter');
    await page.locator('#work').waitFor();
    await page.locator('#person', { hasText: 'Li · may act · tea' }).waitFor();
    const [cookie] = await page.context().cookies();
    expect(cookie).to.include({ httpOnly: true, secure: true, sameSite: 'Strict' });
    expect(await page.evaluate('document.cookie')).not.to.include('session');
    await page.reload();
    await page.locator('#connection.live').waitFor();
    await page.locator('#sign-out').click();
    await page.locator('#token').waitFor();
    await page.reload();
    await page.locator('#token').waitFor();
    expect(await page.locator('#work').isVisible()).to.equal(false);
  });

  it('asks to sign in again when the session is over, or the person removed', async () => {
    const page = await enter();
    await postgres.query(database, 'update wxpay_face.person_session set until = now()');
    await page.locator('#sign-in-problem', { hasText: 'no longer signed in' }).waitFor();
    const other = await enter({}, { name: 'Removed' });
    await postgres.query(database, `update wxpay_face.person set removed_at = now() where name = 'Removed'`);
    await other.locator('#sign-in-problem', { hasText: 'no longer signed in' }).waitFor();
  });

  it('shows a sale as it happens, and nothing to a person of another merchant', async () => {
    const [ours, theirs] = [await enter(), await enter({}, { merchants: ['cake'] })];
    const number = await sale(1250);
    await row(ours, number).locator('.state.good').waitFor();
    expect(await row(ours, number).textContent())
      .to.include('¥12.50')
      .and.include('收银台一');
    await theirs.locator('#no-sales').waitFor();
    expect(await theirs.locator('#work').textContent()).not.to.include(number);
    await theirs.locator('#look-up-number').fill(number);
    await theirs.keyboard.press('Enter');
    await theirs.locator('#look-up-problem', { hasText: 'does not have this number' }).waitFor();
  });

  it('gives back once for two people who confirm at once on two servers, and shows the second how it stands', async () => {
    const number = await sale(1000);
    const both = [await enter(), await enter({}, {}, 1)];
    for (const page of both) {
      await seeAndBegin(page, number, 'Refund');
      expect(await page.locator('#act').textContent()).to.include('Nothing of this payment was given back yet');
      await page.locator('#refund-amount').fill('4.00');
    }
    await Promise.all(both.map((page) => page.locator('#confirm').click()));
    await Promise.all(both.map((page) => page.locator('#case-news.good, #case-news.bad').waitFor()));
    const said = await Promise.all(both.map((page) => page.locator('#case-news').getAttribute('class')));
    expect(said.sort()).to.deep.equal(['bad', 'good']);
    const late = both[(await both[0]?.locator('#case-news').getAttribute('class')) === 'bad' ? 0 : 1] ?? expect.fail();
    expect(await late.locator('#case-news').textContent()).to.match(/was not carried out/);
    expect(await late.locator('.facts').textContent()).to.include('¥4.00');
    await until(() => refunded(number) !== 0);
    expect(refunded(number)).to.equal(400);
    await row(late, number).locator('small', { hasText: '¥4.00' }).waitFor();
  });

  it('gives up once for two people who confirm at once', async () => {
    const number = await sale(300);
    const both = [await enter(), await enter({}, {}, 1)];
    for (const page of both) await seeAndBegin(page, number, 'Give up');
    await Promise.all(both.map((page) => page.locator('#confirm').click()));
    await Promise.all(both.map((page) => page.locator('#case-news.good, #case-news.bad').waitFor()));
    const said = await Promise.all(both.map((page) => page.locator('#case-news').getAttribute('class')));
    expect(said.sort()).to.deep.equal(['bad', 'good']);
    await row(both[0] ?? expect.fail(), number)
      .locator('.state', { hasText: 'reversed' })
      .waitFor();
  });

  it('takes what needs a person away when one of two says that it is dealt with: once', async () => {
    const number = await attention();
    const both = [await enter(), await enter({}, {}, 1)];
    for (const page of both) {
      const item = page.locator('.case', { hasText: number });
      expect(await item.locator('.advice').textContent()).not.to.equal('');
      await item.locator('button', { hasText: 'Mark as dealt with' }).click();
      await page.locator('#confirm').waitFor();
    }
    await Promise.all(both.map((page) => page.locator('#confirm').click()));
    await Promise.all(both.map((page) => page.locator('#case-news.good, #case-news.bad').waitFor()));
    const said = await Promise.all(both.map((page) => page.locator('#case-news').getAttribute('class')));
    expect(said.sort()).to.deep.equal(['bad', 'good']);
    for (const page of both) await page.locator('.case', { hasText: number }).waitFor({ state: 'detached' });
  });

  it('lists differences, dead letters and days, settles the ones and replays the others: once', async () => {
    await postgres.query(
      database,
      `insert into wxpay_face.difference (merchant, bill_date, position, kind, out_trade_no, here, there)
       values ('tea', to_char(now(), 'YYYYMMDD'), 1, 'amount', 'D-1', 100, 200)`,
    );
    await postgres.query(
      database,
      `insert into wxpay_face.reconciled_day (merchant, bill_date, asked_at, reconciled_at, differences)
       values ('tea', to_char(now(), 'YYYYMMDD'), now(), now(), 1)`,
    );
    await postgres.query(
      database,
      `insert into wxpay_face.event (merchant, lane, type, body, attempts, answer, dead_at)
       values ('tea', 'L-1', 'payment.paid', '{}', 9, 'HTTP 500', now())`,
    );
    const both = [await enter(), await enter({}, {}, 1)];
    const [page = expect.fail()] = both;
    await page.locator('#days .state.bad', { hasText: '1' }).waitFor();
    for (const [what, button] of [
      ['.difference', 'Mark as dealt with'],
      ['.letter', 'Deliver again'],
    ] as const) {
      for (const each of both) {
        await each.locator(what).locator('button', { hasText: button }).click();
        await each.locator('#confirm').waitFor();
      }
      await Promise.all(both.map((each) => each.locator('#confirm').click()));
      await Promise.all(both.map((each) => each.locator('#case-news.good, #case-news.bad').waitFor()));
      const said = await Promise.all(both.map((each) => each.locator('#case-news').getAttribute('class')));
      expect(said.sort(), what).to.deep.equal(['bad', 'good']);
      for (const each of both) {
        await each.locator('#close').click();
        await each.locator(what).waitFor({ state: 'detached' });
      }
    }
  });

  it('offers no act to who may look only, but the gateway’s answer', async () => {
    const number = await sale(100);
    const page = await enter({}, { role: 'look' });
    await row(page, number).locator('button.number').click();
    await page.locator('#case[open]').waitFor();
    expect(await page.locator('#case button').allTextContents()).to.deep.equal(['Close', 'Ask WeChat Pay']);
    await page.locator('#case-body button').click();
    await page.locator('.gateway', { hasText: 'SUCCESS · ¥1.00' }).waitFor();
  });

  it('is done by the keyboard alone', async () => {
    const number = await sale(200);
    const page = await enter();
    await page.locator('#look-up-number').focus();
    await page.keyboard.type(number);
    await page.keyboard.press('Enter');
    await page.locator('#case[open]').waitFor();
    const focused = () => page.evaluate<string>('document.activeElement.textContent || document.activeElement.id');
    expect(await focused()).to.equal(number);
    const tabTo = async (what: string): Promise<void> => {
      for (let presses = 0; (await focused()) !== what; presses += 1) {
        expect(presses, what).to.be.below(12);
        await page.keyboard.press('Tab');
      }
    };
    await tabTo('Refund');
    await page.keyboard.press('Enter');
    await page.locator('#confirm').waitFor();
    await tabTo('refund-amount');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('9.99');
    await page.keyboard.press('Enter');
    await page.locator('#case-news', { hasText: 'up to what can be given back' }).waitFor();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('0.50');
    await page.keyboard.press('Enter');
    await page.locator('#case-news.good').waitFor();
    await until(() => refunded(number) === 50);
    await page.keyboard.press('Escape');
    expect(await page.locator('#case').isVisible()).to.equal(false);
    expect(await page.evaluate('document.activeElement.id')).to.equal('look-up-number');
  });

  it('changes its language, and keeps it', async () => {
    const page = await enter({ locale: 'zh-CN' });
    expect(await page.locator('h1').textContent()).to.include('商户后台');
    await page.locator('#language').click();
    await page.locator('h2', { hasText: 'Needs a person' }).waitFor();
    await page.reload();
    await page.locator('#connection.live', { hasText: 'Connected' }).waitFor();
    expect(await page.evaluate('document.documentElement.lang')).to.equal('en');
  });

  for (const locale of ['zh-CN', 'en-US'])
    for (const [scheme, options] of Object.entries(schemes))
      it(`fits from a phone to a wide screen in ${locale}, ${scheme}, and axe finds nothing`, async () => {
        const number = await sale(99_999_999, newNumber(true));
        await attention(newNumber(true));
        const outside = await open({ locale, ...options });
        expect(await whatOverflows(outside)).to.deep.equal([]);
        expect(await accessibilityProblems(outside)).to.deep.equal([]);
        const page = await enter({ locale, ...options }, { name: `a person with quite a long name ${names}` });
        await page.locator('.case').first().waitFor();
        expect(await whatOverflows(page)).to.deep.equal([]);
        expect(await accessibilityProblems(page)).to.deep.equal([]);
        await row(page, number).locator('button.number').click();
        await page.locator('#case[open]').waitFor();
        expect(await whatOverflows(page), 'a record').to.deep.equal([]);
        expect(await accessibilityProblems(page), 'a record').to.deep.equal([]);
        await page.locator('#case-body button.act').first().click();
        await page.locator('#refund-amount').fill('1.00');
        await page.locator('#confirm').click();
        await page.locator('#case-news.good').waitFor();
        expect(await whatOverflows(page), 'what came of it').to.deep.equal([]);
        expect(await accessibilityProblems(page), 'what came of it').to.deep.equal([]);
      });

  it('never asked for what its policy forbids', () => {
    expect(complaints).to.deep.equal([]);
  });
});
