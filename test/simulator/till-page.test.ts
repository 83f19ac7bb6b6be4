import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { describe as told } from 'wxpay-face';
import { type Scenario, type Simulator, startSimulator } from 'wxpay-face/simulator';
import { describeInChromium, launchChromium } from './browser.js';

const quick = { faceDelay: 0, confirmDelay: 0, latency: 0 };

describeInChromium('The console’s own till', () => {
  let browser: Browser;
  let simulator: Simulator;
  let page: Page;
  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser?.close());
  afterEach(async () => {
    await page?.context().close();
    await simulator?.close();
  });

  const open = async (scenario: Scenario = quick, options: BrowserContextOptions = {}): Promise<void> => {
    simulator = await startSimulator({ scenario });
    page = await browser.newPage({ locale: 'zh-CN', ...options });
    await page.goto(simulator.consoleUrl);
    await page.locator('#connection.live').waitFor();
  };
  const cashierReads = (text: string) => page.locator('#told', { hasText: text }).waitFor();
  const steps = () => page.locator('#steps li span').allTextContents();
  /** How many payments left. */
  const payments = () => simulator.calls.filter(({ name }) => name === 'micropay').length;
  const ledger = () => simulator.ledger.map(({ trade_state, charged, refunded }) => [trade_state, charged, refunded]);
  const press = (action: string) => page.locator(`[data-action="${action}"]`).click();

  it('sells by face, and tells the cashier what describe says', async () => {
    await open();
    await page.getByLabel('金额（元）', { exact: true }).fill('1234.5');
    const number = await page.getByLabel('商户订单号', { exact: true }).first().inputValue();
    await page.getByRole('button', { name: '刷脸收款' }).click();
    await page.getByText('可以交付商品').waitFor();
    const paid = { status: 'paid', out_trade_no: number, total_fee: 123_450, transaction_id: '1' };
    const { title, text, advice } = told(paid, 'zh');
    for (const said of [title, text, advice]) await cashierReads(said);
    expect(await steps()).to.include.members(['请顾客看摄像头', '正在付款', '已有结果']);
    expect(ledger()).to.deep.equal([['SUCCESS', 123_450, 0]]);
    expect(await page.locator('#number').inputValue()).to.not.equal(number);
    await page.getByRole('button', { name: 'English' }).click();
    await cashierReads(told(paid, 'en').advice);
  });

  it('sells by the code that the scanner reads while the camera looks, and pays once', async () => {
    await open({ face: 'waiting' });
    await page.locator('#pay').click();
    await page.locator('#screen[data-sight="looking"]').waitFor();
    await page.locator('#code-kind').selectOption('alipay');
    await page.locator('#scan').click();
    await cashierReads(told({ code: 'other-wallet' }, 'zh').advice);
    await page.locator('#code-kind').selectOption('wechat');
    await page.locator('#scan').click();
    await page.getByText('可以交付商品').waitFor();
    await page.locator('#screen[data-sight="idle"]').waitFor();
    expect(payments()).to.equal(1);
  });

  it('sells by a code alone', async () => {
    await open();
    await page.locator('#scan').click();
    await page.getByText('可以交付商品').waitFor();
    expect(simulator.calls.map(({ name }) => name)).to.not.include('getWxpayfaceCode');
    expect(payments()).to.equal(1);
  });

  it('gives a sale up', async () => {
    await open({ face: 'waiting' });
    await page.locator('#pay').click();
    await page.locator('#screen[data-sight="looking"]').waitFor();
    await page.getByRole('button', { name: '取消收款' }).click();
    const { title } = told({ status: 'cancelled', by: 'cashier', out_trade_no: '' }, 'zh');
    await cashierReads(title);
    await page.getByText('请先不要交付商品').waitFor();
    expect(payments()).to.equal(0);
  });

  it('tells the cashier what the gateway refused, and what could not be sent', async () => {
    await open({ ...quick, payment: 'NOTENOUGH' });
    await page.locator('#pay').click();
    await cashierReads(told({ status: 'declined', err_code: 'NOTENOUGH', out_trade_no: '' }, 'zh').advice);
    simulator.scenario = 'gateway-down';
    await page.locator('#pay').click();
    await cashierReads(told({ status: 'failed', code: 'tls', out_trade_no: '', reason: '' }, 'zh').title);
    expect(ledger()).to.deep.equal([]);
  });

  it('shows that the gateway limits the till', async () => {
    await open({ ...quick, limited: ['micropay'] });
    await page.locator('#pay').click();
    await page.locator('#health', { hasText: '被限频' }).waitFor();
    await page.locator('#steps li.now', { hasText: '正在确认结果' }).waitFor();
    expect(await page.locator('#steps .now .took').textContent()).to.match(/^≤ \d+ s$/);
    await cashierReads(told({ status: 'declined', err_code: 'FREQUENCY_LIMITED', out_trade_no: '' }, 'zh').title);
  });

  it('refunds a part, then the rest is offered; takes a sale back', async () => {
    await open();
    await page.locator('#pay').click();
    await page.getByText('可以交付商品').waitFor();
    await page.getByLabel('退款金额（元）').fill('2.5');
    await page.getByRole('button', { name: '退款', exact: true }).click();
    await page.locator('#refunds', { hasText: '¥2.50' }).waitFor();
    expect(ledger()).to.deep.equal([['REFUND', 1250, 250]]);
    expect(await page.getByLabel('退款金额（元）').inputValue()).to.equal('10.00');
    await page.locator('#scan').click();
    await page.getByText('可以交付商品').waitFor();
    await page.getByRole('button', { name: '撤销', exact: true }).click();
    await page.locator('#ledger', { hasText: '已撤销' }).waitFor({ timeout: 30_000 });
    expect(ledger()[1]?.[0]).to.equal('REVOKED');
  });

  it('reconciles a day, and says why where there is no bill', async () => {
    await open();
    await page.locator('#pay').click();
    await page.getByText('可以交付商品').waitFor();
    await page.getByRole('button', { name: '对账' }).click();
    await page.locator('#differences', { hasText: '次日十点' }).waitFor();
    simulator.scenario = { bill: 'early' };
    await page.getByRole('button', { name: '对账' }).click();
    await page.locator('#differences', { hasText: '分毫不差' }).waitFor();
    const [bill] = await Promise.all([
      page.context().waitForEvent('page'),
      page.getByText('查看这一天的账单原文').click(),
    ]);
    await bill.getByText('总交易单数').waitFor();
    expect(await bill.textContent('body')).to.include('`SIM');
  });

  it('is used by keys alone: sells, refunds, and the outcome is read out', async () => {
    await open({ face: 'waiting', confirm: 'never' });
    const focused = () => page.evaluate<string>('document.activeElement.id || document.activeElement.dataset.action');
    const tabTo = async (id: string): Promise<void> => {
      for (let presses = 0; presses < 80 && (await focused()) !== id; presses += 1) await page.keyboard.press('Tab');
      expect(await focused()).to.equal(id);
    };
    await tabTo('amount');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('88');
    await tabTo('pay');
    await page.keyboard.press('Enter');
    await page.locator('#screen[data-sight="looking"]').waitFor();
    await page.keyboard.press('1');
    await page.locator('#screen[data-sight="success"]').waitFor();
    await page.keyboard.press('5');
    await page.getByText('可以交付商品').waitFor();
    expect(await page.locator('#told').getAttribute('role')).to.equal('status');
    await tabTo('refund-amount');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('8');
    await page.keyboard.press('Enter');
    await page.locator('#refunds', { hasText: '¥8.00' }).waitFor();
    expect(ledger()).to.deep.equal([['REFUND', 8800, 800]]);
  });

  it('leaves the digits alone if it is told so, and remembers that for the next simulator', async () => {
    await open({ face: 'waiting' });
    await page.getByLabel('数字键操作').uncheck();
    await page.locator('#pay').click();
    await page.locator('#screen[data-sight="looking"]').waitFor();
    await page.keyboard.press('1');
    await press('cancel');
    await cashierReads(told({ status: 'cancelled', by: 'customer', out_trade_no: '' }, 'zh').title);
    expect(await page.locator('[aria-keyshortcuts]').count()).to.equal(0);
    await simulator.close();
    simulator = await startSimulator({ scenario: quick });
    await page.goto(simulator.consoleUrl);
    await page.locator('#connection.live').waitFor();
    expect(await page.getByLabel('数字键操作').isChecked()).to.equal(false);
  });

  it('takes an amount that is none for what it is', async () => {
    await open();
    for (const amount of ['', 'abc', '1.234', '-1', '1e3']) {
      await page.locator('#amount').fill(amount);
      await page.locator('#pay').click();
      expect(await page.locator('#amount:invalid').count(), amount).to.equal(1);
    }
    expect(simulator.calls).to.deep.equal([]);
    await page.locator('#amount').fill('0.01');
    await page.locator('#pay').click();
    await page.getByText('可以交付商品').waitFor();
    expect(ledger()).to.deep.equal([['SUCCESS', 1, 0]]);
  });

  it('holds no customer’s data', async () => {
    await open();
    await page.locator('#pay').click();
    await page.getByText('可以交付商品').waitFor();
    const snapshot = await page.evaluate<string>(`new Promise((resolve) => {
      const events = new EventSource('events');
      events.onmessage = ({ data }) => { events.close(); resolve(data); };
    })`);
    expect(snapshot)
      .to.include('"status":"paid"')
      .and.not.match(/oSim|"auth_code":"1|"openid":"o/);
  });

  it('goes on after the connection broke', async () => {
    simulator = await startSimulator({ scenario: quick });
    const sockets = new Set<Socket>();
    const target = new URL(simulator.consoleUrl);
    let broken = false;
    // The browser's proxy: passes everything on, or breaks everything.
    const proxy: Server = createServer().on('connection', (socket) => sockets.add(socket));
    proxy.on('request', (request, response) => {
      if (broken) return void request.socket.destroy();
      const onward = connect(Number(target.port), target.hostname);
      sockets.add(onward);
      const { pathname } = new URL(request.url ?? '');
      const headers = request.rawHeaders.flatMap((name, n, all) => (n % 2 === 0 ? [`${name}: ${all[n + 1]}`] : []));
      onward.write(`${request.method} ${pathname} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
      onward.on('error', () => request.socket.destroy());
      response.detachSocket(request.socket);
      onward.pipe(request.socket);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    try {
      const server = `http://127.0.0.1:${Object(proxy.address()).port}`;
      page = await browser.newPage({ locale: 'zh-CN', proxy: { server } });
      await page.goto(simulator.consoleUrl);
      await page.locator('#connection.live').waitFor();
      broken = true;
      for (const socket of sockets) socket.destroy();
      await page.locator('#ended:visible').waitFor();
      broken = false;
      await page.locator('#connection.live').waitFor();
      expect(await page.locator('#ended:visible').count()).to.equal(0);
    } finally {
      await page.context().close();
      for (const socket of sockets) socket.destroy();
      proxy.close();
    }
  });
});
