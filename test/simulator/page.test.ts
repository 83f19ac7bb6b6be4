import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Browser, Page } from 'playwright-core';
import { type Clock, type FacePayOutcome, type PaymentProcessorOptions, ServiceCallError } from 'wxpay-face';
import type { Scenario } from 'wxpay-face/simulator';
import { gatewayCalls } from '../../lib/simulator/gateway-calls.js';
import { settingRules } from '../../lib/simulator/setting-rules.js';
import { rejection } from '../support/rejection.js';
import { openTill, type Till } from '../support/till.js';
import { describeInChromium, launchChromium } from './browser.js';

/** Ten times faster than a shop's: a person can watch, and a test need not wait. */
const quickClock = (): Clock => {
  const start = Date.now();
  const now = (): number => start + (Date.now() - start) * 10;
  return { wall: now, monotonic: now, sleep: (ms, signal) => sleep(ms / 10, undefined, { ...(signal && { signal }) }) };
};

const byHand = { face: 'waiting', password: 'waiting', confirm: 'never' } as const;

describeInChromium('The console’s page', () => {
  let browser: Browser;
  let till: Till;
  let page: Page;
  let complaints: string[];
  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser?.close());

  const open = async (
    scenario: Scenario = byHand,
    { locale = 'zh-CN', payment = {} }: { locale?: string; payment?: Partial<PaymentProcessorOptions> } = {},
  ): Promise<void> => {
    till = await openTill(scenario, {
      payment: { clock: quickClock(), reversal: { mode: 'await' }, ...payment },
      facePay: { screenTimeout: 200 },
    });
    page = await browser.newPage({ locale, viewport: { width: 1280, height: 800 } });
    complaints = [];
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(till.simulator.consoleUrl);
    await page.locator('#connection.live').waitFor();
  };
  afterEach(async () => {
    await page?.context().close();
    await till?.close();
    expect(complaints).to.deep.equal([]);
  });

  let serial = 0;
  const order = () => {
    serial += 1;
    return { out_trade_no: `20241123-${String(serial).padStart(4, '0')}`, total_fee: 1250, body: '拿铁咖啡' };
  };
  const screenShows = (sight: string) => page.locator(`#screen[data-sight="${sight}"]`).waitFor();
  const press = (action: string) => page.locator(`[data-action="${action}"]`).click();
  const sequence = async (): Promise<string[]> => {
    const labels = await page.locator('#rows .label, #rows .note, #rows .step').allTextContents();
    return labels.map((label) => label.replaceAll(/\s+/g, ' ').trim());
  };
  const ledger = async (): Promise<string[]> => {
    const rows = await page.locator('#ledger tr').all();
    const cells = await Promise.all(rows.map((row) => row.locator('th, td').allTextContents()));
    return cells.map((texts) => texts.join(' '));
  };
  /** Until a switch of the page has reached the simulator. */
  const applied = async (setting: Record<string, unknown>): Promise<void> => {
    const [[name, value] = []] = Object.entries(setting);
    while (name && Object(till.simulator.scenario)[name] !== value) await sleep(10);
  };
  const set = (setting: string, value: string) => page.locator(`#setting-${setting}`).selectOption(value);

  describe('plays a payment to its end:', () => {
    it('paid', async () => {
      await open();
      expect(await page.locator('#no-rows').textContent()).to.include('还没有收到任何调用');
      const sale = order();
      const outcome = till.facePay.pay(sale);
      await screenShows('looking');
      expect(await page.locator('#screen').textContent()).to.include('¥12.50');
      await press('show-face');
      await screenShows('success');
      await press('confirm');
      await screenShows('idle');
      expect(await outcome).to.include({ status: 'paid' });
      expect(await ledger()).to.deep.equal([`${sale.out_trade_no} 已支付 ¥12.50 –`]);
      expect(await sequence()).to.deep.equal([
        '9. releaseWxpayface',
        'SUCCESS',
        'Step 1 程序启动时初始化',
        '1. initWxpayface',
        'SUCCESS',
        'Step 2 获取数据、SDK调用凭证',
        '2. getWxpayfaceRawdata',
        'SUCCESS rawdata •••',
        '3. get_wxpayface_authinfo(rawdata •••)',
        'SUCCESS authinfo •••',
        'Step 3 启动人脸识别，发起订单人脸支付',
        '4. getWxpayfaceCode(¥12.50)',
        '完成人脸识别',
        'SUCCESS face_code •••, openid •••',
        '5. micropay(auth_code •••, ¥12.50)',
        'SUCCESS',
        'Step 4 更新支付结果，完成刷脸支付流程',
        '8. updateWxpayfacePayResult(SUCCESS)',
        '确认支付结果',
        'SUCCESS',
      ]);
    });

    it('paid after the password', async () => {
      await open(byHand, { payment: { polling: { timeout: 3_600_000 } } });
      await set('payment', 'password');
      const outcome = till.facePay.pay(order());
      await screenShows('looking');
      await press('show-face');
      await screenShows('password');
      await page.getByText('6. orderquery').first().waitFor();
      await press('enter-password');
      await screenShows('success');
      await press('confirm');
      expect(await outcome).to.include({ status: 'paid' });
      expect(await sequence()).to.include.members(['USERPAYING', '输入支付密码', '6. orderquery', 'SUCCESS']);
    });

    for (const [action, status, told, shown] of [
      ['cancel', 'cancelled', 'USER_CANCEL', '退出刷脸'],
      ['scan', 'scan', 'SCAN_PAYMENT', '改用扫码支付'],
    ] as const)
      it(`${status}: the customer’s own choice`, async () => {
        await open();
        const outcome = till.facePay.pay(order());
        await screenShows('looking');
        await press(action);
        await screenShows('idle');
        expect(await outcome).to.include({ status });
        await page.locator('#rows .answer', { hasText: told }).waitFor();
        expect((await sequence()).slice(-2)).to.deep.equal([shown, told]);
      });

    it('cancelled by the cashier, after the customer walked away from the camera', async () => {
      await open();
      const cashier = new AbortController();
      const outcome = till.facePay.pay(order(), { signal: cashier.signal });
      await screenShows('looking');
      await press('walk-away');
      await page.getByText('顾客已离开').waitFor();
      expect(await page.locator('#actions [aria-disabled="false"]').count()).to.equal(0);
      cashier.abort();
      await screenShows('idle');
      expect(await page.getByText('顾客已离开').count()).to.equal(0);
      expect(await outcome).to.include({ status: 'cancelled', by: 'cashier' });
    });

    it('reversed, after the customer walked away from the password', async () => {
      await open(byHand, { payment: { polling: { timeout: 3_600_000 } } });
      await set('payment', 'password');
      const sale = order();
      const outcome = till.facePay.pay(sale);
      await screenShows('looking');
      await press('show-face');
      await screenShows('password');
      await press('walk-away');
      await page.getByText('顾客已离开').waitFor();
      // The gateway has its own patience.
      await page.locator('#setting-giveUpAfter').fill('0');
      await page.keyboard.press('Enter');
      await screenShows('failure');
      expect(await outcome).to.include({ status: 'reversed' });
      await page.locator('#ledger', { hasText: '已撤销' }).waitFor();
      expect(await ledger()).to.deep.equal([`${sale.out_trade_no} 已撤销 – –`]);
      expect(await sequence()).to.include.members(['走开了', 'PAYERROR', '7. reverse']);
    });

    it('declined, with one of the vendor’s codes by name', async () => {
      await open();
      await page.locator('#scenario').selectOption('not-enough');
      // The scenario has its own customer, whom the page shows when it has heard of it.
      await page.locator('#by-hand:not(:checked)').waitFor({ state: 'attached' });
      await page.getByLabel('由我扮演顾客').check();
      await applied({ face: 'waiting' });
      const outcome = till.facePay.pay(order());
      await screenShows('looking');
      await press('show-face');
      await screenShows('failure');
      await press('confirm');
      expect(await outcome).to.include({ status: 'declined', err_code: 'NOTENOUGH' });
      expect(await ledger()).to.deep.equal([]);
    });

    it('failed, where the gateway goes down before the customer pays', async () => {
      await open();
      const outcome = till.facePay.pay(order());
      await screenShows('looking');
      await set('gateway', 'down');
      await page.locator('body[data-gateway="down"]').waitFor();
      await press('show-face');
      await screenShows('failure');
      await press('confirm');
      expect(await outcome).to.include({ status: 'failed' });
      expect(await sequence()).to.include('连接被拒绝');
    });

    it('paid, although the payment’s response was lost', async () => {
      await open();
      for (const title of ['丢失的报文', '异常的应答']) await page.getByText(title).click();
      await page.getByLabel('丢失的报文: micropay 应答').check();
      const outcome = till.facePay.pay(order());
      await screenShows('looking');
      await press('show-face');
      await screenShows('success');
      await press('confirm');
      expect(await outcome).to.include({ status: 'paid' });
      expect(await sequence()).to.include.members(['SUCCESS 应答丢失', '6. orderquery']);
    });

    it('reversed, because the payment’s request was lost', async () => {
      const reversal = { notBefore: 3000, mode: 'await', settleAfter: 25_000 } as const;
      await open(byHand, { payment: { polling: { timeout: 8000 }, reversal } });
      await page.getByText('丢失的报文').click();
      await page.getByLabel('丢失的报文: micropay 请求').check();
      const outcome = till.facePay.pay(order());
      await screenShows('looking');
      await press('show-face');
      await page.getByRole('button', { name: /请求丢失/ }).waitFor();
      expect(await outcome).to.include({ status: 'reversed' });
      const labels = await sequence();
      const lost = labels.indexOf('5. micropay(auth_code •••, ¥12.50) 请求丢失');
      expect(lost).to.be.above(0);
      expect(labels[lost + 1]).to.equal('6. orderquery');
      expect(labels.filter((label) => label.includes('请求丢失'))).to.have.length(1);
    });

    it('nowhere, while the face service is down', async () => {
      await open();
      await set('service', 'down');
      await screenShows('down');
      const error = await rejection(till.facePay.pay(order()));
      expect(error).to.be.instanceOf(ServiceCallError);
      await set('service', 'running');
      await screenShows('idle');
    });
  });

  describe('plays a refund:', () => {
    const sell = async (): Promise<string> => {
      const sale = order();
      const code = `13${String(serial).padStart(16, '0')}`;
      await till.client.micropay({ ...sale, auth_code: code });
      return sale.out_trade_no;
    };
    const refund = (out_trade_no: string, refund_fee = 250) =>
      till.client.refund({ out_trade_no, out_refund_no: `R1-${out_trade_no}`, total_fee: 1250, refund_fee });
    const ledgerShows = async (...rows: string[]): Promise<void> => {
      await page
        .locator('#ledger tr', { hasText: rows.at(-1)?.split(' ')[1] ?? '' })
        .first()
        .waitFor();
      const shown = (await ledger()).slice(0, rows.length);
      expect(shown).to.deep.equal(rows);
    };

    for (const [button, state, refunded] of [
      ['退回', '已退回', '¥2.50'],
      ['关闭', '退款关闭', '–'],
      ['转人工', '人工打款', '–'],
    ] as const)
      it(`${state}, after it waited for a person`, async () => {
        await open();
        await page.locator('#scenario').selectOption('refund-pending');
        while (till.simulator.scenario !== 'refund-pending') await sleep(10);
        const sale = await sell();
        await refund(sale);
        await ledgerShows(`${sale} 已退款 ¥12.50 –`, `R1-${sale} 退款处理中 ¥2.50`);
        await page.getByRole('button', { name: `${button}: R1-${sale}` }).click();
        await page.locator('.refund', { hasText: state }).waitFor();
        expect(await ledger()).to.deep.equal([`${sale} 已退款 ¥12.50 ${refunded}`, `R1-${sale} ${state} ¥2.50`]);
      });

    it('taken, although its response was lost', async () => {
      await open();
      await page.locator('#scenario').selectOption('refund-lost-response');
      while (till.simulator.scenario !== 'refund-lost-response') await sleep(10);
      const sale = await sell();
      await refund(sale).catch(() => undefined);
      await ledgerShows(`${sale} 已退款 ¥12.50 ¥2.50`, `R1-${sale} 已退回 ¥2.50`);
      expect(await sequence()).to.include.members(['refund(¥2.50)', 'SUCCESS 应答丢失']);
    });

    it('refused, because the merchant’s balance is empty', async () => {
      await open();
      await page.locator('#scenario').selectOption('refund-empty-balance');
      while (till.simulator.scenario !== 'refund-empty-balance') await sleep(10);
      const sale = await sell();
      expect(await refund(sale)).to.include({ err_code: 'NOTENOUGH' });
      await page.locator('#rows .answer', { hasText: 'NOTENOUGH' }).waitFor();
      expect(await ledger()).to.deep.equal([`${sale} 已支付 ¥12.50 –`]);
    });

    it('told to the address that is given, and again on request', async () => {
      await open();
      let notices = 0;
      const server = createServer((_request, response) => {
        notices += 1;
        response.end();
      }).listen(0, '127.0.0.1');
      try {
        await page.getByLabel('退款通知地址').fill('ftp://nowhere');
        await page.keyboard.press('Enter');
        await page.locator('#alert', { hasText: 'notifyUrl must be an address' }).waitFor();
        // The browser itself writes refusals of the simulator down.
        complaints = complaints.filter((text) => !text.includes('400'));
        await page.getByLabel('退款通知地址').fill(`http://127.0.0.1:${Object(server.address()).port}/notice`);
        await Promise.all([page.waitForResponse(/notify-url$/), page.keyboard.press('Enter')]);
        const sale = await sell();
        await refund(sale);
        await page.getByText('通知结果: HTTP 200').waitFor();
        await page.getByRole('button', { name: `发通知: R1-${sale}` }).click();
        while (notices < 2) await sleep(10);
      } finally {
        server.close();
      }
    });
  });

  it('shows each payment of the session by its order', async () => {
    await open({ faceDelay: 0, confirmDelay: 0 });
    const [first, second] = [order(), order()];
    const outcomes: FacePayOutcome[] = [await till.facePay.pay(first), await till.facePay.pay(second)];
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['paid', 'paid']);
    await page.getByRole('row', { name: second.out_trade_no }).waitFor();
    const calls = async () => (await sequence()).filter((label) => /^\d/.test(label));
    expect(await calls()).to.have.length(3);
    await page.locator('#payments').selectOption({ label: `${first.out_trade_no} · 已支付` });
    expect(await calls()).to.have.length(7);
  });

  it('opens a message to its fields, credentials masked, whatever text is in them', async () => {
    await open({ faceDelay: 0, confirmDelay: 0 });
    await till.facePay.pay({ ...order(), body: '<img src=x onerror=alert(1)>' });
    const message = page.getByRole('button', { name: '5. micropay' });
    await message.click();
    const fields = page.locator('#rows .fields:visible');
    expect(await fields.textContent())
      .to.include('<img src=x onerror=alert(1)>')
      .and.match(/auth_code\s*••••••/);
    expect(await page.locator('img').count()).to.equal(0);
    expect(await page.content()).to.not.include(till.simulator.client.key);
    await message.press('Enter');
    expect(await fields.count()).to.equal(0);
  });

  it('speaks the browser’s language first, then the one that is chosen', async () => {
    await open(byHand, { locale: 'en-US' });
    await page.getByRole('heading', { name: 'Customer' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).to.equal('en');
    const outcome = till.facePay.pay(order());
    await screenShows('looking');
    await press('show-face');
    await screenShows('success');
    await press('confirm');
    await outcome;
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('heading', { name: '顾客' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: '顾客' }).waitFor();
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Sequence' }).waitFor();
  });

  it('needs no mouse: digits act, Tab reaches every control, focus stays where it is', async () => {
    await open();
    const outcome = till.facePay.pay(order());
    const box = page.getByLabel('由我扮演顾客');
    await box.focus();
    await screenShows('looking');
    await page.keyboard.press('1');
    await screenShows('success');
    expect(await page.evaluate('document.activeElement.id')).to.equal('by-hand');
    await page.keyboard.press('5');
    expect(await outcome).to.include({ status: 'paid' });

    const names: string[] = [];
    await page.locator('#language').focus();
    for (let presses = 0; presses < 100; presses += 1) {
      await page.keyboard.press('Tab');
      const id = String(await page.evaluate('document.activeElement.id || document.activeElement.dataset.action'));
      if (id === 'setting-confirmDelay') break;
      names.push(id);
    }
    expect(names).to.include.members(['show-face', 'walk-away', 'by-hand', 'payments', 'scenario', 'setting-latency']);
    // A digit that somebody types into a field is none of the customer's.
    await page.locator('#setting-latency').fill('1');
    await page.keyboard.press('Enter');
    await page.locator('.setting.changed #setting-latency').waitFor();
  });

  it('has a control for each setting, and a box for each call where a setting names calls', async () => {
    await open();
    await page.getByText('异常的应答').click();
    const missing: string[] = [];
    for (const [name, { kind }] of Object.entries(settingRules)) {
      const controls = page.locator(kind === 'calls' ? `[data-setting="${name}"]` : `#setting-${name}`);
      if ((await controls.count()) !== (kind === 'calls' ? gatewayCalls.length : 1)) missing.push(name);
    }
    expect(missing).to.deep.equal([]);
    await page.getByLabel('异常的应答: orderquery 两次').check();
    await page.locator('.calls.changed').waitFor();
    await page.locator('#setting-clock').fill('-5000');
    await page.keyboard.press('Enter');
    await applied({ clock: -5000 });
    expect(till.simulator.scenario).to.deep.include({ sendTwice: ['orderquery'] });
  });

  it('gives every control a name', async () => {
    await open({ faceDelay: 0, confirmDelay: 0 });
    await till.facePay.pay(order());
    await page.getByText('丢失的报文').click();
    const nameless = await page.evaluate(`[...document.querySelectorAll('button, select, input, section')]
      .filter((control) => control.checkVisibility())
      .filter((control) => !control.labels?.length && !control.getAttribute('aria-label')
        && !document.getElementById(control.getAttribute('aria-labelledby'))?.textContent
        && !(control.matches('button') && control.textContent.trim()))
      .map((control) => control.outerHTML)`);
    expect(nameless).to.deep.equal([]);
  });

  it('strikes nothing through before the first call', async () => {
    await open();
    const above = await page.evaluate(`[...document.querySelectorAll('#no-rows p')].map((line) => {
        const { top, height } = line.getBoundingClientRect();
        return [...document.querySelectorAll('.lifeline')]
          .map((lifeline) => lifeline.getBoundingClientRect().left)
          .filter((left) => left > line.getBoundingClientRect().left && left < line.getBoundingClientRect().right)
          .map((left) => document.elementFromPoint(left, top + height / 2).className);
      })`);
    expect(above).to.be.an('array').with.length(2);
    expect(String(above)).to.not.include('lifeline');
  });

  it('says so when the simulator has ended', async () => {
    await open();
    await till.close();
    await page.locator('#connection.lost').waitFor();
    // What the browser itself says of the connection is expected here.
    complaints = complaints.filter((text) => !text.includes('net::ERR_'));
  });
});
