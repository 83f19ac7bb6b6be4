import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

function whatIsMissing(): string | undefined {
  // Under Wine the path leads to the Linux program.
  if (process.platform !== 'linux' || !existsSync(executablePath)) return `there is no ${executablePath}`;
  // On an older one it ends the process.
  return Number.parseInt(process.versions.node, 10) < 20 ? 'playwright-core needs Node.js 20' : undefined;
}
const missing = whatIsMissing();

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function launchChromium(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath, args });
}

/** Tests in Chromium, where there is one. */
export function describeInChromium(title: string, tests: (this: Mocha.Suite) => void): void {
  (missing ? describe.skip : describe)(`${title} in Chromium${missing ? ` (skipped: ${missing})` : ''}`, function () {
    this.timeout(60_000);
    tests.call(this);
  });
}
