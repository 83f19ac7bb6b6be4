import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';

/* A real browser, where there is one: Debian's Chromium, as scripts/machine/chromium.mjs brings it. */

const executablePath = '/usr/bin/chromium';
const missing = existsSync(executablePath) ? undefined : `there is no ${executablePath}`;

const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

export async function launchChromium(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath, args });
}

export function describeInChromium(title: string, tests: (this: Mocha.Suite) => void): void {
  (missing ? describe.skip : describe)(`${title}${missing ? ` (skipped: ${missing})` : ''}`, function () {
    this.timeout(120_000);
    tests.call(this);
  });
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong, as it says so itself. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(`axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.flatMap(
    ({ id, help, nodes }) => nodes.map(({ html, any }) => [id, help, html.slice(0, 160), any[0]?.message ?? ''].join(' | '))))`);
}

/** What leaves the window at its sides, and what text is cut or lies outside its own box. Runs in the page. */
const whatDoesNotFit = `(() => {
  const problems = [];
  const say = (what, each) => problems.push(what + ': ' + each.outerHTML.slice(0, 160));
  for (const each of document.querySelectorAll('body *')) {
    if (!each.checkVisibility() || each.closest('caption, option, [hidden]')) continue;
    const box = each.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    if (box.left < -0.5 || box.right > innerWidth + 0.5) say('outside', each);
    if (each.matches('select, input')) continue;
    for (const node of each.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE || node.data.trim() === '') continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const text of range.getClientRects())
        for (let around = each; around && around !== document.body; around = around.parentElement) {
          if (getComputedStyle(around).display === 'inline') continue;
          const outer = around.getBoundingClientRect();
          if (text.left < outer.left - 1 || text.right > outer.right + 1) { say('text outside ' + around.tagName, each); break; }
        }
    }
  }
  for (const table of document.querySelectorAll('section.table'))
    if (table.scrollWidth > table.clientWidth + 1) say('scrolls sideways', table);
  if (document.documentElement.scrollWidth > innerWidth) problems.push('the page scrolls sideways');
  return [...new Set(problems)];
})()`;

/** A desk's screens, a small one, a phone. */
const viewports = [
  [1920, 1080],
  [1280, 800],
  [1024, 768],
  [640, 400],
  [390, 844],
] as const;

/** By viewport, what doesn't fit. */
export async function whatOverflows(page: Page): Promise<string[]> {
  const problems: string[] = [];
  for (const [width, height] of viewports) {
    await page.setViewportSize({ width, height });
    for (const problem of await page.evaluate<string[]>(whatDoesNotFit))
      problems.push(`${width} by ${height}: ${problem}`);
  }
  return problems;
}
