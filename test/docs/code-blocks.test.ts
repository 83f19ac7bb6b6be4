import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Script } from 'node:vm';
import { expect } from 'chai';
import ts from 'typescript';
import { openTill } from 'wxpay-face';
import { startSimulator } from 'wxpay-face/simulator';
import { Command } from '../support/command.js';
import { skip } from '../support/skip.js';
import { newOrder } from '../support/till.js';
import { guides, type Page, readPage, root } from './pages.js';
import { modules, programs } from './programs.js';

const folder = join(root, 'build', 'docs');
const pages = ['README.md', 'README.zh-CN.md', ...guides].map(readPage);

/** In TypeScript the same text, under a name of its own, beside the modules that it imports. */
const typed = [
  ...modules.map(({ name, code }) => ({ file: join(folder, name.replace('.mjs', '.mts')), code })),
  ...programs
    .filter(({ name, code }) => name.endsWith('.mjs') && !/^class /m.test(code))
    .map(({ page, line, code }) => ({ file: join(folder, `${page.replace(/\W+/g, '-')}-${line}.mts`), code })),
];

function problemsOf(): string[] {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { file, code } of typed) writeFileSync(file, `${code}\nexport {};\n`);
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const files = typed.map(({ file }) => file);
  const program = ts.createProgram(files, options);
  return files.flatMap((file) => {
    const source = program.getSourceFile(file);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ messageText }) => `${file}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
  });
}

const shellLines = ({ blocks }: Page): string[] =>
  blocks.filter(({ info }) => info === 'sh').flatMap(({ code }) => code.split('\n'));
const npmLines = (page: Page): string[] => shellLines(page).filter((line) => line.startsWith('npm '));

describe('the code in README and guides', () => {
  before(function () {
    if (process.platform === 'win32')
      skip(this, 'the same Markdown, compiled by the same compiler; under Wine that alone takes minutes');
  });

  it('is TypeScript that compiles, strictly', () => {
    expect(typed).to.have.length.above(20);
    expect(problemsOf()).to.deep.equal([]);
  }).timeout(120_000);

  it('makes spans of OpenTelemetry, where its API is there', async () => {
    const [block] = readPage('docs/observability.md').blocks.filter(({ info }) => info === 'js');
    const cwd = mkdtempSync(join(tmpdir(), 'wxpay-face-docs-'));
    try {
      const api = join(cwd, 'node_modules', '@opentelemetry', 'api');
      mkdirSync(api, { recursive: true });
      writeFileSync(join(api, 'package.json'), '{ "type": "module", "exports": "./index.js" }');
      writeFileSync(
        join(api, 'index.js'),
        `const tell = (...words) => console.log(JSON.stringify(words));
         export const SpanKind = { CLIENT: 2 };
         export const SpanStatusCode = { ERROR: 2 };
         const span = { setStatus: (status) => tell('status', status), end: (time) => tell('end', time) };
         const startSpan = (name, { startTime }) => (tell('start', name, startTime), span);
         export const trace = { getTracer: () => ({ startSpan }) };`,
      );
      const event = { name: 'micropay', startTime: 1000, duration: 20, outcome: 'ERR_PAY_TRANSPORT', sent: true };
      const publish = `import { channel } from 'node:diagnostics_channel';
        channel('wxpay-face.pay.call').publish(${JSON.stringify(event)});`;
      writeFileSync(join(cwd, 'main.mjs'), `${block?.code}${publish}`);
      const { stdout } = await promisify(execFile)(process.execPath, ['main.mjs'], { cwd });
      expect(
        stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ).to.deep.equal([
        ['start', 'wxpay micropay', 1000],
        ['status', { code: 2, message: 'ERR_PAY_TRANSPORT' }],
        ['end', 1020],
      ]);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });

  for (const page of ['docs/guide/07-electron.md', 'docs/guide/zh/07-electron.md'])
    it(`carries payments over Electron's bridge, for its own page only (${page})`, async () => {
      const [main, forge] = readPage(page).blocks.filter(({ info }) => info === 'js');
      const userData = mkdtempSync(join(tmpdir(), 'wxpay-face-docs-'));
      const handlers = new Map<string, (event: { senderFrame: unknown }, order: unknown) => Promise<unknown>>();
      const sent: unknown[] = [];
      const mainFrame = {};
      const send = (channel: string, { phase }: { phase: string }) => sent.push([channel, phase]);
      class BrowserWindow {
        readonly webContents = { mainFrame, send };
      }
      const opened: { close(): Promise<void> }[] = [];
      const kept = <Opened extends { close(): Promise<void> }>(each: Opened): Opened => {
        opened.unshift(each);
        return each;
      };
      const packages: Readonly<Record<string, unknown>> = {
        electron: {
          app: { whenReady: async () => undefined, getPath: () => userData },
          BrowserWindow,
          ipcMain: { handle: handlers.set.bind(handlers) },
        },
        'wxpay-face': { openTill: async (options: Parameters<typeof openTill>[0]) => kept(await openTill(options)) },
        'wxpay-face/simulator': { startSimulator: async () => kept(await startSimulator()) },
      };
      try {
        new Function('require', main?.code ?? '')((name: string) => packages[name]);
        while (!handlers.has('till:pay')) await new Promise((resolve) => setTimeout(resolve, 10));
        const pay = handlers.get('till:pay');
        expect(() => pay?.({ senderFrame: {} }, newOrder())).to.throw('not allowed');
        expect(await pay?.({ senderFrame: mainFrame }, newOrder())).to.include({ status: 'paid' });
        expect(sent).to.deep.include(['till:progress', 'face']);
      } finally {
        for (const each of opened) await each.close();
        rmSync(userData, { recursive: true, force: true });
      }

      const module = { exports: {} };
      new Function('module', forge?.code ?? '')(module);
      expect(module.exports)
        .to.have.nested.property('packagerConfig.asar.unpack')
        .that.includes('wxpay-face/prebuilds');
    });

  it('is JavaScript and JSON that can be parsed', () => {
    const blocks = pages.flatMap(({ blocks }) => blocks);
    for (const { code } of blocks.filter(({ info }) => info === 'json')) JSON.parse(code);
    const scripts = blocks.filter(({ info }) => info === 'js');
    expect(scripts).not.to.have.length(0);
    // An ES module has words that a script has not.
    for (const { code } of scripts) new Script(code.replace(/^import .*$/gm, '').replace(/\bawait /g, ''));
  });

  const lines = pages.flatMap(shellLines);

  it('calls the command line, each command to its good end', async () => {
    const commands = new Set(lines.flatMap((line) => /^npx wxpay-face (.*?)(?:\s+#.*)?$/.exec(line)?.[1] ?? []));
    expect(commands).to.have.length.above(5);
    const cwd = mkdtempSync(join(tmpdir(), 'wxpay-face-docs-'));
    const begin = (command: string) => new Command(command.split(' '), { cwd, input: '' });
    const isSimulator = (command: string) => command.startsWith('simulate ');
    const simulators = [...commands].filter(isSimulator).map((command) => begin(`${command} --no-open`));
    try {
      for (const simulator of simulators) await simulator.says('Ctrl-C ends it.');
      // Until ten in Beijing yesterday's bill is missing; after that there is none, since nothing was sold.
      const goodEnds = (command: string): number[] => (command.startsWith('reconcile ') ? [0, 1] : [0]);
      // The orders that the pages speak of.
      const orders = [
        'pay 1250 --out-trade-no T1-0001 --config till.json',
        'pay 1250 --out-trade-no T1-20240501-0007 --journal ./payments',
      ];
      for (const command of [...orders, ...[...commands].filter((each) => !isSimulator(each))]) {
        const { code, stdout, stderr } = await begin(command).ended();
        expect(goodEnds(command), `${command}\n${stdout}${stderr}`).to.include(code);
      }
    } finally {
      for (const simulator of simulators) simulator.interrupt();
      await Promise.all(simulators.map((simulator) => simulator.ended()));
      rmSync(cwd, { recursive: true, force: true });
    }
  }).timeout(120_000);

  it('calls scripts that the package has', () => {
    const { scripts } = JSON.parse(readPage('package.json').text);
    for (const line of [...lines, ...shellLines(readPage('CONTRIBUTING.md'))])
      for (const [, name = ''] of line.matchAll(/npm(?: --prefix \S+)? run ([\w:]+)/g))
        expect(scripts).to.have.property(name);
  });

  it('calls other programs only where CI runs these very lines', () => {
    const others = lines
      .filter((line) => line !== '' && !line.startsWith('npx wxpay-face '))
      .map((line) => line.replace(/\s+#.*/, ''));
    const steps = ['npm run demo', 'npm run demo:server', 'npm test'];
    for (const step of steps) expect(readPage('.ci/run').text).to.include(`step ${step}\n`);
    // scripts/check/package.mjs takes the lines of these two pages and runs them.
    const packaged = ['docs/guide/01-getting-started.md', 'docs/guide/08-platforms.md'].map(readPage).flatMap(npmLines);
    // new-project.test.ts does.
    const program = 'node pay.mjs';
    // server/test/guide.test.ts does.
    const operated = ['docs/guide/17-operations.md', 'docs/guide/zh/17-operations.md']
      .map(readPage)
      .flatMap(shellLines);
    expect([...new Set(others)].filter((line) => !operated.includes(line))).to.have.members([
      ...steps,
      ...packaged,
      program,
    ]);
  });
});
