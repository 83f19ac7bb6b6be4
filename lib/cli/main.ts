#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { demo } from './demo.js';

// Built to dist/cli.js, one folder below the package's own file.
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

const program = new Command('wxpay-face')
  .description('WeChat Pay face payment for tills · 微信刷脸支付')
  .version(String(version));

program
  .command('demo')
  .description('run whole face payments against the simulator, through every real part')
  .action(async () => {
    process.exitCode = await demo();
  });

await program.parseAsync();
