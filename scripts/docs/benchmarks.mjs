// Writes docs/zh/benchmarks.md with the numbers of docs/benchmarks.md: npm run docs:benchmarks. With --check tells only whether
// it has them.
import { argv, exit } from 'node:process';
import { isCurrent, writeChinese } from '../../bench/page.mjs';

if (!argv.includes('--check')) writeChinese();
else if (!isCurrent()) {
  console.error('docs/zh/benchmarks.md is out of date: npm run docs:benchmarks');
  exit(1);
}
