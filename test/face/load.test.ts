import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { FaceService, HostProcessError, InvalidParameterError, LibraryLoadError, type OpenOptions } from 'wxpay-face';
import { stubPath, testLibrary } from '../support/native.js';
import { rejection } from '../support/rejection.js';
import { skip } from '../support/skip.js';

const windows = process.platform === 'win32';
const foreign = join(dirname(createRequire(import.meta.url).resolve('classic-level/package.json')), 'prebuilds');
const fileName = windows ? 'WxpayFaceSDK.dll' : 'libWxpayFaceSDK.so';

async function loadError(options: OpenOptions): Promise<LibraryLoadError> {
  const error = await rejection(FaceService.open(options));
  if (!(error instanceof LibraryLoadError)) throw error;
  expect(error).to.include({ name: 'LibraryLoadError', code: 'ERR_LIBRARY_LOAD' });
  return error;
}

describe('A library that can not be loaded says why, and what to do:', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'face-'));
  });
  afterEach(() => {
    try {
      rmSync(folder, { recursive: true, maxRetries: 5 });
    } catch (error) {
      if (!windows) throw error; // which keeps a library's file open in this process, also when its loading failed
    }
  });

  /** A copy of the stub library with a change. */
  function changed(change: (bytes: Buffer) => Buffer, name = fileName): string {
    const path = join(folder, name);
    writeFileSync(path, change(readFileSync(stubPath)));
    return path;
  }

  it('a relative path', async () => {
    const error = await loadError({ library: 'WxpayFaceSDK.dll' });
    expect(error).to.include({ path: 'WxpayFaceSDK.dll', systemCode: windows ? 161 : 'EINVAL' });
    expect(error.message).to.include('relative').and.to.include(join(process.cwd(), 'WxpayFaceSDK.dll'));
  });

  it('a path inside an asar archive', async () => {
    const library = join(folder, 'app.asar', 'vendor', fileName);
    const error = await loadError({ library });
    expect(error.path).to.equal(library);
    expect(error.message).to.include(join(folder, 'app.asar.unpacked', 'vendor', fileName));
  });

  it('but not a path inside app.asar.unpacked', async () => {
    const unpacked = join(folder, 'app.asar.unpacked');
    mkdirSync(unpacked);
    copyFileSync(stubPath, join(unpacked, fileName));
    // Out of this process: Windows would keep the file for as long as it is loaded.
    const face = await FaceService.open({ library: join(unpacked, fileName), host: 'host-process' });
    await face.close();
  });

  it('a missing file', async () => {
    const library = join(folder, fileName);
    const error = await loadError({ library });
    expect(error).to.include({ path: library, systemCode: windows ? 126 : 'ENOENT' });
    expect(error.message).to.include(`no file ${library}`).and.to.include('WXPAY_FACE_SDK');
  });

  it('no path at all, so that it is looked for beside the executable', async () => {
    const set = process.env.WXPAY_FACE_SDK;
    delete process.env.WXPAY_FACE_SDK;
    try {
      expect((await loadError({})).path).to.equal(join(dirname(process.execPath), fileName));
      process.env.WXPAY_FACE_SDK = join(folder, 'named by the environment.dll');
      expect((await loadError({})).path).to.equal(process.env.WXPAY_FACE_SDK);
    } finally {
      delete process.env.WXPAY_FACE_SDK;
      if (set !== undefined) process.env.WXPAY_FACE_SDK = set;
    }
  });

  it('a folder', async () => {
    const error = await loadError({ library: folder });
    expect(error.systemCode).to.equal(windows ? 5 : 'EISDIR');
    expect(error.message).to.include('is a folder').and.to.include(join(folder, fileName));
  });

  it('a file that may not be read', async function () {
    if (windows) return skip(this, 'Windows has access control lists instead of modes');
    const library = changed((bytes) => bytes);
    chmodSync(library, 0);
    const root = process.getuid?.() === 0; // who may read everything
    if (root) chmodSync(folder, 0o755);
    if (root) process.seteuid?.(65534);
    try {
      const error = await loadError({ library });
      expect(error.systemCode).to.equal('EACCES');
      expect(error.message).to.include('may not be read').and.to.include('grant');
    } finally {
      if (root) process.seteuid?.(0);
    }
  });

  it('a file that is no library', async () => {
    const error = await loadError({ library: changed(() => Buffer.from('not a library')) });
    expect(error.systemCode).to.equal(windows ? 193 : 'ENOEXEC');
    expect(error.message).to.include('is not a library');
  });

  it('a library for another system', async () => {
    const library = windows
      ? join(foreign, 'linux-x64', 'node.napi.glibc.node')
      : join(foreign, 'win32-x64', 'node.napi.node');
    const error = await loadError({ library });
    expect(error.systemCode).to.equal(windows ? 193 : 'ENOEXEC');
    expect(error.message)
      .to.include(`is ${windows ? 'an ELF' : 'a PE'} file for x64`)
      .and.to.include(`this process is ${process.platform}-${process.arch}`);
  });

  it('a library that was cut off on its way', async () => {
    for (const host of ['in-process', 'host-process'] as const) {
      const error = await loadError({ library: changed((bytes) => bytes.subarray(0, 4096)), host });
      expect(error.message, host).to.include('copy it from the vendor again');
    }
  });

  it('a library of another architecture that has to run in this process', async () => {
    const library = windows
      ? join(foreign, process.arch === 'x64' ? 'win32-ia32' : 'win32-x64', 'node.napi.node')
      : join(foreign, 'linux-arm64', 'node.napi.armv8.node');
    const error = await loadError({ library, host: 'in-process' });
    expect(error.systemCode).to.equal(windows ? 193 : 'ENOEXEC');
    expect(error.message).to.match(/is for (ia32|x64|arm64), this process is (x64|ia32)/);
  });

  it('a library of an architecture that this system does not run', async function () {
    if (windows) return skip(this, 'it runs every architecture that the vendor has');
    const library = join(foreign, 'linux-arm64', 'node.napi.armv8.node');
    for (const host of ['auto', 'host-process', 'in-process'] as const) {
      const error = await loadError({ library, host });
      expect(error).to.include({ path: library, systemCode: 'ENOEXEC' });
      expect(error.message)
        .to.include(`${library} is for arm64, this process is ${process.arch}`)
        .and.to.include('no host process for linux-arm64 that this system runs')
        .and.to.include('a Node.js for arm64')
        .and.not.to.include('build:native')
        .and.not.to.include('Leave out host');
    }
  });

  it('a library of an architecture that has no name', async () => {
    const library = changed((bytes) => {
      bytes.writeUInt16LE(8, windows ? bytes.readUInt32LE(0x3c) + 4 : 18);
      return bytes;
    });
    for (const host of ['auto', 'in-process'] as const) {
      const { message } = await loadError({ library, host });
      expect(message)
        .to.include(`is for unknown (machine 0x8), this process is ${process.arch}`)
        .and.match(new RegExp(`no host process for it. Take the vendor's library for ${process.arch}$`));
    }
  });

  describe('a package without its own binary', () => {
    /** Opens the stub library with a copy of this package's sources, without its binaries, that lies in this folder. */
    async function openWithCopyIn(place: string, options: OpenOptions): Promise<unknown> {
      const copy = join(folder, place, 'node_modules', 'wxpay-face');
      cpSync(fileURLToPath(new URL('../../lib', import.meta.url)), join(copy, 'dist'), { recursive: true });
      writeFileSync(join(copy, 'package.json'), '{"type":"module"}');
      const copied: typeof import('wxpay-face') = await import(
        pathToFileURL(join(copy, 'dist', 'face', 'index.js')).href
      );
      return rejection(copied.FaceService.open({ library: stubPath, ...options }));
    }

    for (const [host, file] of [
      ['in-process', 'wxpay_face.node'],
      ['host-process', windows ? 'wxpay-face-host.exe' : 'wxpay-face-host'],
    ] as const) {
      it(`is told how to build it (${host})`, async () => {
        const error = await openWithCopyIn('till', { host });
        expect(error).to.include({ name: 'LibraryLoadError', systemCode: 'ENOENT' });
        expect(error).to.have.property('path').that.includes(join('till', 'node_modules')).and.includes(file);
        expect(error)
          .to.have.property('message')
          .that.includes(`no binary for ${process.platform}-${process.arch}`)
          .and.matches(/: npm --prefix .* run build:native$/);
      });

      it(`inside an asar archive is told to unpack it (${host})`, async () => {
        const error = await openWithCopyIn('app.asar', { host });
        expect(error)
          .to.have.property('path')
          .that.includes(join('app.asar.unpacked', 'node_modules'))
          .and.includes(file);
        expect(error)
          .to.have.property('message')
          .that.includes('asarUnpack')
          .and.includes('node_modules/wxpay-face/prebuilds/**')
          .and.not.includes('build:native');
      });
    }
  });

  for (const host of ['in-process', 'host-process'] as const) {
    it(`a missing dependency (${host})`, async () => {
      const [needed, missing] = windows ? ['KERNEL32.dll', 'KERNEL99.dll'] : ['libc.so.6', 'libq.so.6'];
      const library = changed((bytes) => {
        for (let at = bytes.indexOf(needed); at !== -1; at = bytes.indexOf(needed, at)) bytes.write(missing, at);
        return bytes;
      });
      const error = await loadError({ library, host });
      expect(error).to.include({ path: library, systemCode: windows ? 126 : 'ERR_DLOPEN_FAILED' });
      expect(error.message).to.include('depends on is missing');
      expect(error.message).to.include(missing);
    });

    for (const [name, symbol] of [
      ['no_call', 'wxpayCallFaceService'],
      ['no_release', 'wxpayReleaseResponse'],
    ] as const)
      it(`a library without ${symbol} (${host})`, async () => {
        const error = await loadError({ library: testLibrary(name), host });
        expect(error.systemCode).to.equal(windows ? 127 : 'ERR_DLOPEN_FAILED');
        expect(error.message).to.include(symbol).and.to.include("not WeChat Pay's");
      });
  }

  it('a library that crashes while it is loaded', async () => {
    const error = await rejection(FaceService.open({ library: testLibrary('crash_on_load'), host: 'host-process' }));
    // Windows itself catches what a library does while it is loaded.
    expect(error).to.be.instanceOf(windows ? LibraryLoadError : HostProcessError);
    expect(error)
      .to.have.property('message')
      .that.includes(windows ? 'start-up code failed' : 'before the library was loaded');
  });

  it("options that mean nothing, with the option's name", async () => {
    for (const [parameter, options] of Object.entries({
      library: { library: '' },
      callTimeout: { callTimeout: 0 },
      humanTimeout: { humanTimeout: 2 ** 31 },
    })) {
      const error = await rejection(FaceService.open(options));
      expect(error).to.be.instanceOf(InvalidParameterError).with.property('parameter', parameter);
    }
  });

  it("with the caller's own place in the stack", async () => {
    for (const host of ['in-process', 'host-process'] as const)
      for (const library of [join(folder, 'none.dll'), testLibrary('no_call')]) {
        const error = await (async function cashier() {
          return rejection(FaceService.open({ library, host }));
        })();
        expect(inspect(error)).to.match(/LibraryLoadError: .*\n +at .*cashier/s);
      }
  });
});
