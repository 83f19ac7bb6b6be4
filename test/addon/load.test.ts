import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openLibrary, testLibrary } from '../support/native.js';
import { rejection } from '../support/rejection.js';
import { skip } from '../support/skip.js';

const windows = process.platform === 'win32';

describe('addon: loading a library', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'wxpay-face-load-'));
  });
  after(() => {
    // Windows keeps a loaded library's file.
    if (!windows) rmSync(folder, { recursive: true });
  });

  it('says which number and words the system has for a missing file', async () => {
    const error = await rejection(openLibrary(join(folder, 'missing.dll')));
    expect(error.systemCode).to.equal(windows ? 126 : 2);
    expect(error.systemMessage).to.be.a('string').that.is.not.empty;
    expect(error.message).to.equal(error.systemMessage);
    expect(error).not.to.have.property('missingSymbol');
  });

  it('says so for a file that is no library', async () => {
    const path = join(folder, 'text.dll');
    writeFileSync(path, 'this is no library, only a text that is long enough to be looked at');
    const error = await rejection(openLibrary(path));
    if (windows) expect(error.systemCode).to.equal(193);
    else expect(error.systemMessage).to.match(/invalid ELF header|file too short/);
  });

  it('says so for a file that may not be read', async function () {
    if (windows || process.getuid?.() === 0) return skip(this, 'root may read everything; Windows has ACLs instead');
    const path = join(folder, 'secret.so');
    cpSync(testLibrary('instant'), path);
    chmodSync(path, 0);
    expect((await rejection(openLibrary(path))).systemCode).to.equal(13);
  });

  for (const [library, symbol] of [
    ['no_call', 'wxpayCallFaceService'],
    ['no_release', 'wxpayReleaseResponse'],
  ] as const) {
    it(`names the symbol that is missing: ${symbol}`, async () => {
      const error = await rejection(openLibrary(testLibrary(library)));
      expect(error.missingSymbol).to.equal(symbol);
      if (windows) expect(error.systemCode).to.equal(127);
    });
  }

  it('loads from a folder with Chinese characters and spaces', async () => {
    const inside = join(folder, '收银台 刷脸');
    mkdirSync(inside);
    const path = join(inside, '微信 SDK.dll');
    cpSync(testLibrary('instant'), path);
    expect((await (await openLibrary(path)).call(Buffer.from('你好'))).toString()).to.equal('你好');
  });
});
