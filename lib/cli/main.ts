import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { demo } from './demo.js';

const program = new Command('wxpay-face')
  .description('WeChat Pay face payment for tills · 微信刷脸支付')
  .version(packageJson.version);

program
  .command('demo')
  .description('run whole face payments against the simulator, through every real part')
  .action(async () => {
    process.exitCode = await demo();
  });

await program.parseAsync();
