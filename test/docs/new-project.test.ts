import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import ts from 'typescript';
import { startSimulator } from 'wxpay-face/simulator';
import { stubPath } from '../support/native.js';
import { skip } from '../support/skip.js';
import { readPage, root } from './pages.js';
import { modules, type Program, programs } from './programs.js';

const shell = promisify(execFile);

/** npm itself, beside the Node.js that runs. */
const npm = (args: readonly string[], cwd: string) =>
  shell('npm', [...args], { cwd, env: { ...process.env, npm_config_ignore_scripts: 'true' } });

/** What a till says; of those that aren't here, that it ends well is enough. */
const said: Readonly<Record<string, RegExp>> = {
  'pay.mjs': /^paid\n$/,
  'pay.cjs': /^paid\n$/,
  'main.mjs': /^paid \{[^}]*handOver: true\n\}\nprocessing \{/m,
  'main.cjs': /^paid \{[\s\S]*handOver: true/,
};

/** On Linux what Windows calls a path is a file's name. And no test speaks to the vendor's gateway. */
const inPlaceOfTheShop = (code: string): string =>
  code
    .replace("'C:\\\\WxpayFace\\\\WxpayFaceSDK.dll'", JSON.stringify(stubPath))
    .replace(
      "mch_id: '1900000109',",
      "mch_id: '1900000109', endpoints: { pay: 'https://127.0.0.1:9', payBackup: false, face: 'https://127.0.0.1:9' },",
    );

/** As it is pasted: JavaScript, but for the types of one guide. */
const pasted = ({ code }: Program): string =>
  /^import type /m.test(code)
    ? ts.transpileModule(code, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 } })
        .outputText
    : inPlaceOfTheShop(code);

describe('the code of README and guides, in a new project', () => {
  let project = '';
  let files: Readonly<Record<string, string>> = {};
  /** Node.js once more, as a till's own program with the vendor's library in its resources. */
  let tillProgram = '';

  before(async function () {
    if (process.platform === 'win32') return skip(this, 'the same Markdown; Wine has no npm');
    this.timeout(60_000);
    mkdirSync(join(root, 'build'), { recursive: true });
    // Within the checkout, whose node_modules has the dependencies: npm test asks no registry.
    project = mkdtempSync(join(root, 'build', 'new-project-'));
    await npm(['pack', '--silent', '--pack-destination', project], root);
    const tarball = join(project, readdirSync(project).find((name) => name.endsWith('.tgz')) ?? '');
    await npm(['init', '-y'], project);
    const installed = join(project, 'node_modules', 'wxpay-face');
    mkdirSync(installed, { recursive: true });
    execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed]);
    tillProgram = join(project, 'till');
    copyFileSync(process.execPath, tillProgram);
    mkdirSync(join(project, 'resources', 'wxpayface'), { recursive: true });
    copyFileSync(stubPath, join(project, 'resources', 'wxpayface', 'WxpayFaceSDK.dll'));
    const simulator = await startSimulator();
    const { key, certificate } = simulator.client;
    await simulator.close();
    if (certificate === undefined || !('cert' in certificate))
      throw new Error('the simulator gives a certificate in PEM');
    files = {
      ...Object.fromEntries(modules.map(({ name, code }) => [name, code])),
      'C:\\ProgramData\\Till\\v2-key.txt': key,
      'C:\\ProgramData\\Till\\apiclient_cert.pem': String(certificate.cert),
      'C:\\ProgramData\\Till\\apiclient_key.pem': String(certificate.key),
    };
  });
  after(() => {
    if (project !== '') rmSync(project, { recursive: true, force: true });
  });

  it('is there for each way to load the package, and for each page', () => {
    expect(programs.map(({ name }) => name)).to.include.members(Object.keys(said));
    expect(programs).to.have.length.above(25);
  });

  for (const program of programs)
    it(`runs as it is written: ${program.title}`, async () => {
      const cwd = mkdtempSync(join(project, 'example-'));
      for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
      // A till goes on until Ctrl-C; the test goes on to the next one.
      const end = program.name.endsWith('.mjs') ? '\nprocess.exit(0);\n' : '';
      writeFileSync(join(cwd, program.name), pasted(program) + end);
      const { stdout } = await shell(tillProgram, [program.name], { cwd, timeout: 30_000 });
      expect(stdout).to.match(said[program.name] ?? /^/);
    }).timeout(40_000);

  for (const path of ['docs/guide/01-getting-started.md', 'docs/guide/zh/01-getting-started.md'])
    it(`is begun by the lines of ${path}`, () => {
      const { blocks } = readPage(path);
      const lines = blocks.filter(({ info }) => info === 'sh').flatMap(({ code }) => code.trim().split('\n'));
      expect(lines.slice(0, 2)).to.deep.equal(['npm init -y', 'npm install wxpay-face']);
      expect(lines.at(-1)).to.equal('node pay.mjs');
    });
});
