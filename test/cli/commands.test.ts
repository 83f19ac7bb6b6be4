import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { Command, run } from '../support/command.js';
import { interruptible, skip } from '../support/skip.js';

const statusOf = (url: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get(url, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });

describe('wxpay-face', () => {
  let folder: string;
  const started: Command[] = [];
  const start = (...args: Parameters<typeof run>): Command => {
    const command = new Command(args[0], { cwd: folder, ...args[1] });
    started.push(command);
    return command;
  };
  const runHere = (...args: Parameters<typeof run>) => run(args[0], { cwd: folder, ...args[1] });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wxpay-face-cli-'));
  });
  afterEach(async () => {
    for (const command of started.splice(0)) {
      command.kill();
      await command.ended();
    }
    rmSync(folder, { recursive: true, force: true });
  });

  describe('--help', () => {
    it('lists the commands and the exit codes', async () => {
      const { code, stdout } = await runHere(['--help']);
      expect(code).to.equal(0);
      const names = [...stdout.matchAll(/^ {2}([a-z]+)(?: \[| {2}| <)/gm)].map(([, name]) => name);
      expect(names).to.deep.equal([
        ...[
          'demo',
          'simulate',
          'doctor',
          'pay',
          'query',
          'reverse',
          'refund',
          'refunds',
          'reconcile',
          'journal',
          'help',
        ],
      ]);
      expect([...stdout.matchAll(/^ {2}(\d+) /gm)].map(([, exit]) => exit)).to.deep.equal([
        '0',
        '1',
        '2',
        '3',
        '4',
        '130',
      ]);
      expect(stdout).to.match(/never from arguments/);
    });

    const commands: ReadonlyArray<readonly [args: string, options: string[]]> = [
      ['demo', ['json', 'lang']],
      ['simulate', ['json', 'lang', 'port', 'pipe', 'scenario', 'no-open', 'write-config']],
      ['doctor', ['json', 'lang', 'config', 'journal']],
      ['pay', ['json', 'lang', 'out-trade-no', 'body', 'auth-code-stdin', 'screen-index', 'rail', 'config', 'journal']],
      ['query', ['json', 'lang', 'transaction-id', 'rail', 'config']],
      ['reverse', ['json', 'lang', 'transaction-id', 'yes', 'rail', 'config', 'journal']],
      ['refund', ['json', 'lang', 'transaction-id', 'out-refund-no', 'total', 'yes', 'config', 'journal']],
      ['refunds', ['json', 'lang', 'transaction-id', 'config', 'journal']],
      ['reconcile', ['json', 'lang', 'file', 'output', 'sub-mch-id', 'config', 'journal']],
      ['journal list', ['json', 'lang', 'kind', 'unfinished', 'unacknowledged', 'config', 'journal']],
      ['journal show', ['json', 'lang', 'config', 'journal']],
      ['journal recover', ['json', 'lang', 'acknowledge', 'config', 'journal']],
    ];
    for (const [args, options] of commands)
      it(`${args} takes ${options.map((name) => `--${name}`).join(', ')}, and no credential`, async () => {
        const { code, stdout } = await runHere([...args.split(' '), '--help']);
        expect(code).to.equal(0);
        const found = [...stdout.matchAll(/^ {2}(?:-\w, )?--([a-z-]+)/gm)].map(([, name]) => name);
        expect(found).to.deep.equal([...options, 'help']);
      });
  });

  describe('wrong arguments end with 2 and are explained', () => {
    const wrong: ReadonlyArray<readonly [args: string[], explained: RegExp]> = [
      [[], /Usage: wxpay-face/],
      [['journal'], /Usage: wxpay-face journal/],
      [['payy'], /unknown command 'payy'[\s\S]*Did you mean pay/],
      [['pay'], /missing required argument 'total_fee'/],
      [['pay', '12.50'], /must be a whole number/],
      [['pay', '12', '50'], /too many arguments for 'pay'/],
      [['doctor', 'till.json'], /too many arguments for 'doctor'/],
      [['journal', 'list', 'A1'], /too many arguments for 'list'/],
      [['pay', '0'], /must be a whole number from 1/],
      [['pay', '1000000000000000'], /must be a whole number from 1 to 999999999999999/],
      [['pay', '-5'], /unknown option/],
      [['pay', '1', '--key', 'x'], /unknown option '--key'/],
      [['pay', '1', '--rail', 'train'], /Allowed choices are micropay, facepay/],
      [['simulate', '--port', '70000'], /from 0 to 65535/],
      [['simulate', '--scenario', 'nonsense', '--no-open'], /scenario must be one of success/],
      [
        ['simulate', '--no-open', '--write-config', 'nowhere/x.json'],
        /--write-config is in a folder that is not there/,
      ],
      [['query'], /out_trade_no is required, or --transaction-id/],
      [['query', 'A1', '--transaction-id', '1'], /--transaction-id is instead of out_trade_no/],
      [['reverse', 'A1', '--transaction-id', '1', '--yes'], /--transaction-id is instead of out_trade_no/],
      [['query', 'A1'], /appid, mch_id and key are required/],
      [['query', 'A1', '--config', 'nowhere.json'], /config can't be read: .*nowhere\.json \(ENOENT\)/],
      [['journal', 'list'], /journal is required: .*WXPAY_FACE_JOURNAL/],
      [['pay', '1', '--out-trade-no', 'a b'], /out_trade_no/],
    ];
    for (const [args, explained] of wrong)
      it(`wxpay-face ${args.join(' ')}`, async () => {
        const { code, stdout, stderr } = await runHere(args);
        expect(stderr).to.match(explained);
        expect(stdout).to.equal('');
        expect(code).to.equal(2);
        // The command itself promises JSON only where there is one.
        if (args.length === 0) return;
        const { result } = await runHere([...args, '--json']);
        expect(result).to.include({ type: 'error', exitCode: 2 });
      });
  });

  describe('the configuration', () => {
    const hidden = ['Sup3r-Secret-V2-Key-0123456789abcd'];
    const [key] = hidden;
    const write = (content: unknown): void => {
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      writeFileSync(join(folder, 'wxpay-face.json'), text, { mode: 0o600 });
    };
    const wrong: ReadonlyArray<readonly [title: string, content: unknown, explained: RegExp]> = [
      ['a key that is no text', { key: [key] }, /^wxpay-face: key must be a text \(.*wxpay-face\.json\)/],
      ['JSON that breaks off beside the key', `{\n"key": "${key}`, /config is not JSON/],
      ['JSON with a word after the key', `{\n"key": "${key}" 1}`, /config is not JSON/],
      ['a list', [key], /config must be a JSON object/],
      ['a field that is none', { secret_key: key }, /secret_key is no field of the configuration; there are appid/],
      ['a text in the place of an object', { terminal: key }, /terminal must be an object/],
      ['a missing appid', { mch_id: '1', key }, /appid is required/],
      ['a wrong signature type', { appid: 'a', mch_id: '1', key, sign_type: 'RSA' }, /sign_type must be one of MD5/],
      [
        'a wrong endpoint',
        { appid: 'a', mch_id: '1', key, endpoints: { pay: 'http://x' } },
        /endpoints\.pay must begin with https/,
      ],
      [
        'a rate of nothing',
        { appid: 'a', mch_id: '1', key, callsPerSecond: 0 },
        /callsPerSecond must be a number above 0 \(.*wxpay-face\.json\)/,
      ],
      [
        'half a certificate',
        { appid: 'a', mch_id: '1', key, certificate: { key: 'k.pem' } },
        /certificate must name either p12, or both/,
      ],
      [
        'both certificates',
        { appid: 'a', mch_id: '1', key, certificate: { key: 'k', cert: 'c', p12: 'p' } },
        /either p12, or cert and key/,
      ],
    ];
    for (const [title, content, explained] of wrong)
      it(`refuses ${title}, by the field’s name and without its value`, async () => {
        write(content);
        const { code, stderr } = await runHere(['query', 'A1'], { hidden });
        expect(stderr).to.match(explained);
        expect(code).to.equal(2);
      });

    it('refuses a policy out of range', async () => {
      write({ appid: 'a', mch_id: '1', key, polling: { interval: 0 } });
      const { code, stderr } = await runHere(['pay', '1', '--auth-code-stdin', '--journal', 'j'], { hidden });
      expect(stderr).to.match(/polling\.interval must be a number from 1/);
      expect(code).to.equal(2);
    });

    it('reads what an editor of Windows saved, and goes by the environment first', async () => {
      write(`\ufeff${JSON.stringify({ appid: 'a', mch_id: '1', sandbox: 'yes' })}`);
      const marked = await runHere(['query', 'A1']);
      expect(marked.stderr).to.match(/sandbox must be true or false/);
      write({ appid: 'a', mch_id: '1', spbill_create_ip: 'nowhere' });
      const { stderr } = await runHere(['query', 'A1'], { env: { WXPAY_FACE_KEY: String(key) }, hidden });
      expect(stderr).to.match(/spbill_create_ip must be an IPv4 or IPv6 address/);
    });

    const blamed: ReadonlyArray<readonly [env: Record<string, string>, explained: RegExp]> = [
      [{ WXPAY_FACE_SIGN_TYPE: 'RSA' }, /sign_type must be one of MD5, HMAC-SHA256 \(WXPAY_FACE_SIGN_TYPE\)$/m],
      [{ WXPAY_FACE_PROXY: 'ftp://x' }, /proxy .* \(WXPAY_FACE_PROXY\)$/m],
      [{ WXPAY_FACE_PAY_ENDPOINT: 'http://x' }, /endpoints\.pay must .* \(WXPAY_FACE_PAY_ENDPOINT\)$/m],
      [{ WXPAY_FACE_CA: 'nowhere.pem' }, /ca can't be read: .*nowhere\.pem \(ENOENT\) \(WXPAY_FACE_CA\)$/m],
      // Set, but empty: the file's own value is at fault.
      [{ WXPAY_FACE_SIGN_TYPE: '' }, /sign_type must be one of .* \(.*wxpay-face\.json\)$/m],
    ];
    for (const [env, explained] of blamed)
      it(`names the source of a wrong value: ${Object.entries(env).map((pair) => pair.join('='))}`, async () => {
        const isEmpty = env.WXPAY_FACE_SIGN_TYPE === '';
        write({ appid: 'a', mch_id: '1', key, ...(isEmpty && { sign_type: 'RSA' }) });
        const { code, stderr } = await runHere(['query', 'A1'], { env, hidden });
        expect(stderr).to.match(explained);
        expect(code).to.equal(2);
      });

    it('warns of secrets that everybody can read, and goes on', async function () {
      if (process.platform === 'win32') return skip(this, 'Windows has no such permissions');
      write({ appid: 'a', mch_id: '1', key, sign_type: 'RSA' });
      chmodSync(join(folder, 'wxpay-face.json'), 0o644);
      const { stderr } = await runHere(['query', 'A1', '--json'], { hidden });
      expect(stderr).to.match(/^warning: .*wxpay-face\.json holds a secret and can be read by everybody; chmod 600/);
    });
  });

  describe('demo', () => {
    interruptible('stops at Ctrl-C and leaves nothing behind', async () => {
      const command = start(['demo', '--json'], { env: { TMPDIR: folder } });
      await command.says('"type":"step"');
      command.interrupt();
      const { result } = await command.ended();
      expect(result).to.include({ exitCode: 1 });
      expect(readdirSync(folder)).to.deep.equal([]);
    });
  });

  describe('simulate', () => {
    interruptible('serves a till by the configuration that it writes, and removes it at Ctrl-C', async () => {
      const simulate = start(['simulate', '--no-open', '--write-config', 'till.json']);
      await simulate.says('Ctrl-C ends it');
      const url = /^Console +(http:\S+)$/m.exec(simulate.stdout)?.[1] ?? '';
      expect(await statusOf(url)).to.equal(200);
      expect(statSync(join(folder, 'till.json')).mode & 0o077).to.equal(0);
      expect(statSync(join(folder, 'till.client-key.pem')).mode & 0o077).to.equal(0);
      const { key } = JSON.parse(readFileSync(join(folder, 'till.json'), 'utf8'));
      const hidden = [String(key)];
      const doctor = await runHere(['doctor', '--config', 'till.json'], { hidden });
      expect(doctor.stdout)
        .to.match(/^ok +authinfo/m)
        .and.not.to.match(/FAIL/);
      expect(doctor.code).to.equal(0);
      const pay = await runHere(['pay', '1250', '--config', 'till.json', '--json'], { hidden });
      expect(pay.result).to.include({ status: 'paid', exitCode: 0 });
      simulate.interrupt();
      const { code, stdout } = await simulate.ended();
      expect(code).to.equal(0);
      expect(stdout.includes(key)).to.equal(false);
      for (const file of ['till.json', 'till.ca.pem', 'till.client-cert.pem', 'till.client-key.pem'])
        expect(existsSync(join(folder, file)), file).to.equal(false);
    });

    it('tells a program where it listens', async () => {
      const simulate = start(['simulate', '--no-open', '--json', '--scenario', 'user-cancel']);
      await simulate.says('"type":"ready"');
      const ready = JSON.parse(simulate.stdout);
      expect(ready).to.have.all.keys('type', 'consoleUrl', 'gateway', 'library', 'env');
      expect(ready.env.WXPAY_FACE_PIPE).to.be.a('string');
    });

    it('overwrites what a killed simulator left, but never a real configuration', async () => {
      const file = join(folder, 'till.json');
      writeFileSync(file, JSON.stringify({ appid: 'wx-real', key: 'real' }));
      const refused = await runHere(['simulate', '--no-open', '--write-config', 'till.json', '--json'], {
        hidden: ['real"'],
      });
      expect(refused.result.message).to.match(/^--write-config would overwrite .*till\.json, which no simulator wrote/);
      expect(refused.code).to.equal(2);
      expect(readFileSync(file, 'utf8')).to.include('wx-real');
      writeFileSync(file, JSON.stringify({ simulator: true, key: 'old' }));
      const simulate = start(['simulate', '--no-open', '--write-config', 'till.json']);
      await simulate.says('Ctrl-C ends it');
      expect(readFileSync(file, 'utf8')).not.to.include('old');
    });

    interruptible('leaves at its end what a later simulator wrote over its configuration', async () => {
      const write = ['simulate', '--no-open', '--write-config', 'till.json'];
      const first = start(write);
      await first.says('Ctrl-C ends it');
      const second = start(write);
      await second.says('Ctrl-C ends it');
      const written = readFileSync(join(folder, 'till.json'), 'utf8');
      first.interrupt();
      await first.ended();
      expect(readFileSync(join(folder, 'till.json'), 'utf8')).to.equal(written);
      expect(existsSync(join(folder, 'till.ca.pem'))).to.equal(true);
      second.interrupt();
      await second.ended();
      expect(readdirSync(folder)).to.deep.equal([]);
    });

    for (const file of ['till.ca.pem', 'till.client-cert.pem', 'till.client-key.pem'])
      it(`never touches a real ${file} beside a configuration that is not there`, async () => {
        writeFileSync(join(folder, file), 'real');
        const simulate = start(['simulate', '--no-open', '--write-config', 'till.json', '--json']);
        const { code, result } = await simulate.ended();
        expect(result.message).to.include(`would overwrite ${join(folder, file)}, which no simulator wrote`);
        expect(code).to.equal(2);
        expect(readdirSync(folder)).to.deep.equal([file]);
        expect(readFileSync(join(folder, file), 'utf8')).to.equal('real');
      });

    it('tells a port that is taken', async () => {
      const server = createServer();
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      const address = server.address();
      const port = String(typeof address === 'object' ? address?.port : '');
      const { result } = await runHere(['simulate', '--no-open', '--port', port, '--json']);
      await new Promise((closed) => server.close(closed));
      expect(result).to.include({ code: 'EADDRINUSE', exitCode: 1 });
    });

    it('opens its page in the browser', async function () {
      if (process.platform !== 'linux')
        return skip(this, "what opens a page elsewhere can't be replaced by a file in PATH");
      const opener = join(folder, 'xdg-open');
      writeFileSync(opener, '#!/bin/sh\nprintf %s "$1" > opened.tmp && mv opened.tmp opened\n', { mode: 0o755 });
      const simulate = start(['simulate'], { env: { PATH: `${folder}${delimiter}${process.env.PATH}` } });
      await simulate.says('Ctrl-C ends it');
      while (!existsSync(join(folder, 'opened'))) await new Promise((resolve) => setTimeout(resolve, 10));
      expect(simulate.stdout).to.include(readFileSync(join(folder, 'opened'), 'utf8'));
    });

    it('goes on where no browser can be opened', async () => {
      const simulate = start(['simulate'], { env: { PATH: folder } });
      await simulate.says('Ctrl-C ends it');
      const url = /^Console +(http:\S+)$/m.exec(simulate.stdout)?.[1] ?? '';
      expect(await statusOf(url)).to.equal(200);
    });
  });
});
