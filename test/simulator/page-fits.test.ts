import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { describeInChromium, launchChromium } from './browser.js';

/** The widest number that the vendor takes: 32 characters. */
const longestNumber = 'WWWWWWWWWWWWWWWW0123456789ABCDEF';

/** A desk, small screens, a phone, and 1280 by 800 at a zoom of 200 %. */
const viewports = [
  [1920, 1080],
  [1280, 800],
  [1280, 720],
  [1024, 768],
  [640, 400],
  [390, 844],
] as const;

const schemes: Readonly<Record<string, BrowserContextOptions>> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  'forced colours': { forcedColors: 'active' },
};

/**
 * What leaves the window at its sides, and what text is cut, or lies outside its own box, without a title that has it in full.
 * Runs in the page.
 */
const whatDoesNotFit = `(() => {
  const problems = [];
  const say = (what, each) => problems.push(what + ': ' + each.outerHTML.slice(0, 160));
  const inline = (style) => style.display === 'inline';
  for (const each of document.querySelectorAll('body *')) {
    if (!each.checkVisibility() || each.closest('.unseen, caption, .symbols, option, [hidden]')) continue;
    const box = each.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    if (box.left < -0.5 || box.right > innerWidth + 0.5) say('outside', each);
    const style = getComputedStyle(each);
    const titled = each.closest('[title]:not([title=""])') !== null;
    const isField = each.matches('input:not([type=checkbox])');
    if (each.matches('select') || (isField && each.scrollWidth > each.clientWidth)) {
      if (!titled) say('no title', each);
      continue;
    }
    if (!inline(style) && style.overflowX !== 'visible' && each.scrollWidth > each.clientWidth + 1 && !titled) say('cut', each);
    for (const node of each.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE || node.data.trim() === '') continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const text of range.getClientRects()) {
        for (let around = each; around && around !== document.body; around = around.parentElement) {
          const outer = around.getBoundingClientRect();
          const shown = getComputedStyle(around);
          if (inline(shown)) continue;
          if (text.left < outer.left - 1 || text.right > outer.right + 1) { if (!titled) say('text outside ' + around.tagName + '#' + around.id, each); break; }
          if (shown.overflowY === 'hidden' && (text.top < outer.top - 1 || text.bottom > outer.bottom + 1)) { if (!titled) say('text hidden', each); break; }
        }
      }
    }
  }
  const lanes = [...document.querySelectorAll('.lane')].map((lane) => lane.getBoundingClientRect());
  for (const [n, lane] of lanes.entries()) if (n > 0 && lane.left - lanes[n - 1].right < 3) problems.push('lanes touch');
  if (document.documentElement.scrollWidth > innerWidth) problems.push('the page scrolls sideways');
  return [...new Set(problems)];
})()`;

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong, as it says so itself. */
async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(`axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.flatMap(
    ({ id, help, nodes }) => nodes.map(({ html, any }) => [id, help, html.slice(0, 160), any[0]?.message ?? ''].join(' | '))))`);
}

describeInChromium('The console’s page fits', () => {
  let browser: Browser;
  let simulator: Simulator;
  let page: Page;
  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser?.close());
  beforeEach(async () => {
    simulator = await startSimulator({ scenario: { faceDelay: 0, confirmDelay: 0 } });
  });
  afterEach(async () => {
    await page?.context().close();
    await simulator.close();
  });

  const open = async (options: BrowserContextOptions): Promise<void> => {
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', ...options });
    await page.goto(simulator.consoleUrl);
    await page.locator('#connection.live').waitFor();
  };
  /** At each size, whatever is on the page now. */
  const fits = async (what: string): Promise<void> => {
    for (const [width, height] of viewports) {
      await page.setViewportSize({ width, height });
      expect(await page.evaluate(whatDoesNotFit), `${what}, ${width} by ${height}`).to.deep.equal([]);
    }
  };
  const pay = async (number: string): Promise<void> => {
    await page.locator('#number').fill(number);
    await page.locator('#amount').fill('12345678.99');
    await page.locator('#pay').click();
  };

  for (const locale of ['zh-CN', 'en-US'])
    for (const [scheme, options] of Object.entries(schemes))
      it(`in ${locale}, ${scheme}: at each size nothing leaves it, no text is cut, and axe finds nothing`, async () => {
        await open({ locale, ...options });
        await fits('at first');
        expect(await accessibilityProblems(page), 'at first').to.deep.equal([]);

        await pay(longestNumber);
        await page.locator('.hand-over.good').waitFor();
        simulator.scenario = { bill: 'early', refundEnd: 'waiting', faceDelay: 0, confirmDelay: 0 };
        await page.locator('#notify-url').fill(`http://127.0.0.1:1/${'notice'.repeat(20)}`);
        await page.locator('#refund').click();
        await page.locator('.refund-action').first().waitFor();
        await page.locator('#day button').click();
        await page.locator('#differences p').waitFor();
        for (const summary of await page.locator('summary').all()) await summary.click();
        await page.locator('#rows button.message').nth(4).click();
        await fits('after a sale and a refund');
        expect(await accessibilityProblems(page), 'after a sale and a refund').to.deep.equal([]);

        simulator.scenario = { face: 'waiting' };
        await pay('T-2');
        await page.locator('#screen[data-sight="looking"]').waitFor();
        await page.locator('#code').fill('281234567890123456');
        await page.locator('#scan').click();
        await page.locator('.wrong').waitFor();
        await fits('during a sale');
        expect(await accessibilityProblems(page), 'during a sale').to.deep.equal([]);

        simulator.scenario = { payment: 'password', password: 'waiting' };
        simulator.act('show-face');
        await page.locator('#screen[data-sight="password"]').waitFor();
        await fits('while the password is entered');
      });

  it('says in each language and at each size that the simulator has ended', async () => {
    await open({ locale: 'zh-CN' });
    await simulator.close();
    await page.locator('#ended', { hasText: '模拟器已结束' }).waitFor();
    await fits('the end');
    await page.locator('#language').click();
    await page.locator('#ended', { hasText: 'The simulator has ended' }).waitFor();
    await fits('the end');
    expect(await accessibilityProblems(page)).to.deep.equal([]);
  });
});
