// Takes the pictures of the simulator's console: npm run docs:images
// Those that the guides show go to docs/images, which is a part of the tarball; the others to build/images, to be looked at.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { root, run, script } from '../machine/run.mjs';
import { ensureSystemPackages } from '../machine/system-packages.mjs';

ensureSystemPackages('the pictures', ['pngquant']);
script('build/setup.mjs');
const { startSimulator } = await import('../../dist/simulator.js');

/** All of docs/images: the tarball stays under 5 MB. */
const most = 2 * 1024 * 1024;

const desk = { viewport: { width: 1600, height: 900 }, locale: 'zh-CN' };
const small = { ...desk, viewport: { width: 1024, height: 768 } };
const phone = { ...desk, viewport: { width: 390, height: 844 } };
const byHand = { face: 'waiting', password: 'waiting', confirm: 'never', latency: 5 };
const quick = { faceDelay: 0, confirmDelay: 0, latency: 5 };

const sight = (page, name) => page.locator(`#screen[data-sight="${name}"]`).waitFor();
const press = (page, action) => page.locator(`[data-action="${action}"]`).click();
const told = (page, mood) => page.locator(`#display[data-mood="${mood}"]`).waitFor({ timeout: 60_000 });
const begin = async (page) => {
  await page.locator('#pay').click();
  await sight(page, 'looking');
};
const recognised = async (page) => {
  await begin(page);
  await press(page, 'show-face');
};
const sell = async (page) => {
  await page.locator('#pay').click();
  await told(page, 'good');
};
const refund = async (page) => {
  await sell(page);
  await page.locator('#refund-amount').fill('2.50');
  await page.locator('#refund').click();
  await page.locator('#refunds li').waitFor();
};

/** What is played before each picture, and how the page is opened for it. */
const pictures = {
  idle: { play: () => undefined },
  looking: { scenario: byHand, play: begin },
  'wrong-code': {
    scenario: byHand,
    play: async (page) => {
      await begin(page);
      await page.locator('#code-kind').selectOption('alipay');
      await page.locator('#scan').click();
      await page.locator('.wrong').waitFor();
    },
  },
  password: {
    scenario: { ...byHand, payment: 'password' },
    play: async (page) => {
      await recognised(page);
      await sight(page, 'password');
      await page.locator('#rows b', { hasText: 'orderquery' }).first().waitFor();
    },
  },
  success: {
    scenario: byHand,
    play: async (page) => {
      await recognised(page);
      await sight(page, 'success');
      await told(page, 'good');
    },
  },
  declined: {
    scenario: { ...byHand, payment: 'NOTENOUGH' },
    play: async (page) => {
      await recognised(page);
      await told(page, 'bad');
    },
  },
  limited: {
    scenario: { ...quick, limited: ['micropay'] },
    play: async (page) => {
      await page.locator('#pay').click();
      await page.locator('#health .wait').first().waitFor();
      await page.locator('#steps .now').waitFor();
    },
  },
  'refund-pending': { scenario: { ...quick, refundEnd: 'waiting' }, play: refund },
  reconciled: {
    scenario: { ...quick, bill: 'early' },
    play: async (page) => {
      await sell(page);
      await page.locator('#day button').click();
      const agree = page.locator('#differences .good');
      await agree.waitFor();
      await agree.scrollIntoViewIfNeeded();
    },
  },
  reversed: {
    scenario: { ...byHand, payment: 'password' },
    play: async (page) => {
      await recognised(page);
      await sight(page, 'password');
      await page.locator('#abort').click();
      await page.locator('#ledger .state.quiet').waitFor({ timeout: 60_000 });
      await told(page, 'quiet');
    },
  },
  cancel: {
    scenario: byHand,
    play: async (page) => {
      await begin(page);
      await press(page, 'cancel');
      await told(page, 'quiet');
    },
  },
  scan: {
    scenario: byHand,
    play: async (page) => {
      await begin(page);
      await press(page, 'scan');
      await page.locator('#rows .answer.quiet').waitFor();
    },
  },
  'walked-away': {
    scenario: byHand,
    play: async (page) => {
      await begin(page);
      await press(page, 'walk-away');
      await page.locator('.left').waitFor();
    },
  },
  'response-lost': {
    scenario: { ...quick, loseResponse: ['micropay'] },
    play: sell,
  },
  'gateway-down': {
    scenario: byHand,
    play: async (page, simulator) => {
      await begin(page);
      simulator.scenario = { ...byHand, gateway: 'down' };
      await press(page, 'show-face');
      await told(page, 'bad');
    },
  },
  'service-down': {
    scenario: 'service-down',
    play: async (page) => {
      await page.locator('#scan').click();
      await told(page, 'good');
    },
  },
  message: {
    scenario: quick,
    play: async (page) => {
      await sell(page);
      await page.locator('#rows button', { hasText: 'micropay' }).click();
    },
  },
  ended: {
    scenario: quick,
    play: async (page, simulator) => {
      await sell(page);
      await simulator.close();
      await page.locator('#ended:visible').waitFor();
    },
  },
  english: { options: { ...desk, locale: 'en-US' }, scenario: quick, play: refund },
  dark: { options: { ...desk, colorScheme: 'dark' }, scenario: quick, play: refund },
  'forced-colours': { options: { ...desk, forcedColors: 'active' }, scenario: quick, play: refund },
  small: { options: small, scenario: quick, play: refund },
  'small-english': { options: { ...small, locale: 'en-US' }, scenario: quick, play: refund },
  phone: { options: phone, scenario: quick, play: refund },
  'phone-english': { options: { ...phone, locale: 'en-US' }, scenario: quick, play: refund },
  zoomed: { options: { ...desk, viewport: { width: 640, height: 400 } }, scenario: quick, play: refund },
};

const guides = ['docs/guide', 'docs/guide/zh'].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => readFileSync(join(root, folder, name), 'utf8')),
);
const isShown = (file) => guides.some((text) => text.includes(`images/${file}`));

const [kept, made] = ['docs/images', 'build/images'].map((folder) => join(root, folder));
for (const folder of [kept, made]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run'],
});
for (const [name, { options = desk, scenario = quick, play }] of Object.entries(pictures)) {
  const simulator = await startSimulator({ scenario });
  const page = await browser.newPage(options);
  await page.goto(simulator.consoleUrl);
  await page.locator('#connection.live').waitFor();
  await play(page, simulator);
  const file = `console-${name}.png`;
  await page.screenshot({ path: join(isShown(file) ? kept : made, file), animations: 'disabled' });
  await page.context().close();
  await simulator.close();
  console.log(name);
}
await browser.close();

const files = readdirSync(kept);
// The page has few colours; a raster of them would take more room than it is worth.
run('pngquant', ['--force', '--nofs', '--speed', '1', '--ext', '.png', '32', ...files], { cwd: kept });
const size = files.reduce((sum, file) => sum + statSync(join(kept, file)).size, 0);
console.log(`${files.length} pictures in docs/images, ${Math.round(size / 1024)} KiB`);
if (size > most) throw new Error(`They have more than ${most} bytes`);
