import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { skip } from '../support/skip.js';
import { readPage, root } from './pages.js';

const shell = promisify(execFile);

/** npm itself, beside the Node.js that runs. */
const npm = (args: readonly string[], cwd: string) =>
  shell('npm', [...args], { cwd, env: { ...process.env, npm_config_ignore_scripts: 'true' } });

describe('the guide to getting started', () => {
  let folder = '';
  let tarball = '';

  before(async function () {
    if (process.platform === 'win32') return skip(this, 'the same Markdown; Wine has no npm');
    this.timeout(60_000);
    mkdirSync(join(root, 'build'), { recursive: true });
    // Within the checkout, whose node_modules has the dependencies: npm test asks no registry.
    folder = mkdtempSync(join(root, 'build', 'new-project-'));
    await npm(['pack', '--silent', '--pack-destination', folder], root);
    tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
  });
  after(() => {
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  });

  for (const path of ['docs/guide/01-getting-started.md', 'docs/guide/zh/01-getting-started.md'])
    it(`has code that runs as it is written, in a new project, under its name (${path})`, async () => {
      const { text, blocks } = readPage(path);
      const lines = blocks.filter(({ info }) => info === 'sh').flatMap(({ code }) => code.trim().split('\n'));
      const project = mkdtempSync(join(folder, 'till-'));
      await npm(['init', '-y'], project);
      const installed = join(project, 'node_modules', 'wxpay-face');
      mkdirSync(installed, { recursive: true });
      execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed]);
      const [program] = blocks.filter(({ info }) => info === 'ts');
      const [, name = ''] = /`(\w+\.\w+)`[^`\n]*(?:`\w+\.\w+`[^`\n]*)?\n\n```ts/.exec(text) ?? [];
      writeFileSync(join(project, name), program?.code ?? '');
      expect(lines.slice(0, 2)).to.deep.equal(['npm init -y', 'npm install wxpay-face']);
      expect(lines.at(-1)).to.equal(`node ${name}`);
      const { stdout } = await shell(process.execPath, [name], { cwd: project, timeout: 30_000 });
      expect(stdout).to.equal('paid\n');
    }).timeout(60_000);
});
