import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Script } from 'node:vm';
import { expect } from 'chai';
import ts from 'typescript';
import { startSimulator } from 'wxpay-face/simulator';
import { Command } from '../support/command.js';
import { stubPath } from '../support/native.js';
import { skip } from '../support/skip.js';
import { newOrder, openTill } from '../support/till.js';
import { type Block, guides, type Page, readPage, root } from './pages.js';

/** What the blocks of a guide take for granted: a till in front of the simulator, with quick queries. */
const till = `import * as wxpayFace from 'wxpay-face';
import { startSimulator as start } from 'wxpay-face/simulator';
const simulator = await start({ scenario: { faceDelay: 0 } });
const face = await wxpayFace.FaceService.open({ library: simulator.library });
const client = new wxpayFace.PayClient(simulator.client);
const journal = await wxpayFace.FileJournal.open('./payments');
const processor = new wxpayFace.PaymentProcessor({ client, journal, polling: { firstDelay: 100, interval: 100 } });
const merchant = wxpayFace.localMerchant(client, processor);
const terminal = { store_id: 'SZTX001', store_name: '腾大餐厅', device_id: 'TILL-1' };
const facePay = new wxpayFace.FacePay({ face, merchant, terminal });
const order = { out_trade_no: 'T1-0001', total_fee: 1250, body: '拿铁咖啡' };
`;

interface Program {
  readonly title: string;
  readonly source: string;
  /** Where it is compiled. */
  readonly file: string;
}

const folder = join(root, 'build', 'docs');

/** Node.js once more, as a till's own program with the vendor's library in its resources. */
const tillProgram = join(folder, 'till');

/** A block that starts a simulator, or opens a library of its own, stands alone. */
function programOf({ path }: Page, { code, line }: Block): Program {
  const alone = /\b(?:startSimulator|FaceService\.open)\(/.test(code);
  // Absolute on Windows only.
  const library = JSON.stringify(stubPath);
  const here = code.replace("'C:\\\\WxpayFace\\\\WxpayFaceSDK.dll'", library);
  const name = `${path.replace(/\W+/g, '-')}-${line}`;
  return {
    title: `${path}:${line}`,
    source: `${alone ? '' : till}${here}\nexport {};\nprocess.exit(0);\n`,
    file: join(folder, `${name}.mts`),
  };
}

const isTypeScript = ({ info }: Block): boolean => /^ts\b/.test(info);
const pages = ['README.md', 'README.zh-CN.md', ...guides].map(readPage);
const programs = pages.flatMap((page) => page.blocks.filter(isTypeScript).map((block) => programOf(page, block)));
const compiledTo = ({ file }: Program): string => file.replace(/\.mts$/, '.mjs');

function compile(): string[] {
  for (const { file, source } of programs) writeFileSync(file, source);
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const files = programs.map(({ file }) => file);
  const program = ts.createProgram(files, { ...options, noEmit: false, rootDir: root, outDir: root, sourceMap: false });
  const problems: string[] = [];
  for (const file of files) {
    const source = program.getSourceFile(file);
    for (const diagnostic of [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)])
      problems.push(`${file}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')}`);
    program.emit(source);
  }
  return problems;
}

const shellLines = ({ blocks }: Page): string[] =>
  blocks.filter(({ info }) => info === 'sh').flatMap(({ code }) => code.split('\n'));
const npmLines = (page: Page): string[] => shellLines(page).filter((line) => line.startsWith('npm '));

describe('the code in README and guides', () => {
  let files: Readonly<Record<string, string | Buffer>> = {};

  before(async function () {
    if (process.platform === 'win32')
      return skip(this, 'the same Markdown, compiled by the same compiler; under Wine that alone takes minutes');
    // A till as the guides describe it.
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, 'resources', 'wxpayface'), { recursive: true });
    copyFileSync(process.execPath, tillProgram);
    copyFileSync(stubPath, join(folder, 'resources', 'wxpayface', 'WxpayFaceSDK.dll'));
    const simulator = await startSimulator();
    const { key, certificate } = simulator.client;
    await simulator.close();
    if (certificate === undefined || !('cert' in certificate))
      throw new Error('the simulator gives a certificate in PEM');
    files = {
      'v2-key.txt': key,
      'apiclient_cert.pem': String(certificate.cert),
      'apiclient_key.pem': String(certificate.key),
    };
  });

  it('is TypeScript that compiles, strictly', () => {
    expect(programs).to.have.length.above(15);
    expect(compile()).to.deep.equal([]);
  }).timeout(120_000);

  for (const program of programs)
    it(`runs: ${program.title}`, async () => {
      const cwd = mkdtempSync(join(tmpdir(), 'wxpay-face-docs-'));
      // On Linux what Windows calls a path is a file's name.
      for (const [name, content] of Object.entries(files))
        writeFileSync(join(cwd, `C:\\ProgramData\\Till\\${name}`), content);
      try {
        await promisify(execFile)(tillProgram, [compiledTo(program)], { cwd, timeout: 30_000 });
      } finally {
        rmSync(cwd, { recursive: true, force: true });
      }
    }).timeout(40_000);

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
      const [bridge, forge] = readPage(page).blocks.filter(({ info }) => info === 'js');
      const till = await openTill();
      const handlers = new Map<string, (event: { senderFrame: unknown }, order: unknown) => Promise<unknown>>();
      const sent: unknown[] = [];
      const mainFrame = {};
      const webContents = {
        mainFrame,
        send: (channel: string, { phase }: { phase: string }) => sent.push([channel, phase]),
      };
      new Function('ipcMain', 'window', 'facePay', bridge?.code ?? '')(
        { handle: handlers.set.bind(handlers) },
        { webContents },
        till.facePay,
      );
      const pay = handlers.get('till:pay');
      expect(() => pay?.({ senderFrame: {} }, newOrder())).to.throw('not allowed');
      expect(await pay?.({ senderFrame: mainFrame }, newOrder())).to.include({ status: 'paid' });
      expect(sent).to.deep.include(['till:progress', 'face']);
      await till.close();

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
    for (const { code } of scripts) new Script(code);
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
      // The orders that the pages speak of.
      const orders = [
        'pay 1250 --out-trade-no T1-0001 --config till.json',
        'pay 1250 --out-trade-no T1-20240501-0007 --journal ./payments',
      ];
      for (const command of [...orders, ...[...commands].filter((each) => !isSimulator(each))]) {
        const { code, stdout, stderr } = await begin(command).ended();
        expect(code, `${command}\n${stdout}${stderr}`).to.equal(0);
      }
    } finally {
      for (const simulator of simulators) simulator.interrupt();
      await Promise.all(simulators.map((simulator) => simulator.ended()));
      rmSync(cwd, { recursive: true, force: true });
    }
  }).timeout(120_000);

  it('calls scripts that the package has', () => {
    const { scripts } = JSON.parse(readPage('package.json').text);
    for (const line of lines)
      for (const [, name = ''] of line.matchAll(/npm(?: --prefix \S+)? run ([\w:]+)/g))
        expect(scripts).to.have.property(name);
  });

  it('calls other programs only where CI runs these very lines', () => {
    const others = lines
      .filter((line) => line !== '' && !line.startsWith('npx wxpay-face '))
      .map((line) => line.replace(/\s+#.*/, ''));
    const steps = ['npm run demo', 'npm test'];
    for (const step of steps) expect(readPage('.ci/run').text).to.include(`step ${step}\n`);
    // scripts/check/package.mjs takes the lines of these two pages and runs them.
    const packaged = ['docs/guide/01-getting-started.md', 'docs/guide/08-platforms.md'].map(readPage).flatMap(npmLines);
    // new-project.test.ts does.
    const program = 'node pay.mjs';
    expect([...new Set(others)]).to.have.members([...steps, ...packaged, program]);
  });
});
