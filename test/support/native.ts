import { randomUUID } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nextTurn } from '../../lib/concurrency.js';

export interface NativeLibrary {
  load(): Promise<void>;
  call(request: Uint8Array): Promise<Buffer>;
  giveUp(): void;
  close(): void;
}

export interface Addon {
  NativeLibrary: new (path: string) => NativeLibrary;
}

/** What the addon's errors may carry. */
export interface NativeError extends Error {
  code?: string;
  returnValue?: number;
  systemCode?: number;
  systemMessage?: string;
  missingSymbol?: string;
}

const windows = process.platform === 'win32';

/** Bytes of the longest message that a test sends: a 32-bit process has no room for several copies of the permitted 64 MiB. */
export const longest = (process.arch === 'ia32' ? 8 : 64) * (1 << 20);
const target = `${process.platform}-${process.arch}`;

export const root = fileURLToPath(new URL('../../../..', import.meta.url));

// The sanitizers' scripts put builds of their own here; else what users get is tested.
const build = process.env.WXPAY_FACE_TEST_BUILD ?? join(root, 'build', target);
const binaries = process.env.WXPAY_FACE_TEST_BUILD ? join(build, 'out') : join(root, 'prebuilds', target);

export const addonPath = join(binaries, 'wxpay_face.node');
export const hostPath = join(binaries, windows ? 'wxpay-face-host.exe' : 'wxpay-face-host');
export const stubPath = join(binaries, windows ? 'WxpayFaceSDK.dll' : 'libWxpayFaceSDK.so');
export const coreTestPath = join(build, 'test', 'core-test');

/** A library of test/addon/libraries. */
export const testLibrary = (name: string, folder = build) => join(folder, 'test', `${name}${windows ? '.dll' : '.so'}`);

/** Wine may be without its half for 32-bit programs. */
const runs32 = existsSync(join(process.env.SystemRoot ?? 'C:\\Windows', 'SysWOW64', 'ntdll.dll'));

/** On Windows the package serves two: the architectures whose library a till of this one may meet here. */
export const libraryArchs = (windows ? ['x64', 'ia32'] : [process.arch]).filter(
  (arch) => arch === process.arch || arch === 'x64' || runs32,
);

/** The same for a library of the other architecture; undefined if that has not been built here. */
export function testLibraryFor(arch: string, name: string): string | undefined {
  const path = arch === process.arch ? testLibrary(name) : testLibrary(name, join(root, 'build', `win32-${arch}`));
  return existsSync(path) ? path : undefined;
}

export const loadAddon = (): Addon => createRequire(import.meta.url)(addonPath);

/** A library in this process, loaded. */
export async function openLibrary(path: string): Promise<NativeLibrary> {
  const { NativeLibrary } = loadAddon();
  const library = new NativeLibrary(path);
  await library.load();
  return library;
}

/** What faulty.c says of itself. */
export interface Report {
  outstanding: number;
  blocked: number;
}

export async function report(library: NativeLibrary): Promise<Report> {
  return JSON.parse((await library.call(Buffer.from('report'))).toString());
}

export async function untilBlocked(library: NativeLibrary, count: number): Promise<void> {
  while ((await report(library)).blocked !== count) await nextTurn();
}

export function thrown(action: () => unknown): NativeError {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error('expected an error');
}

type Respond = (message: Buffer) => void;

export interface Service {
  close(): Promise<void>;
}

/** Plays the WxpayFaceService on a pipe of its own, which the stub library in this process then uses. */
export async function startService(
  answer: (request: Buffer, respond: Respond, connection: Socket) => void,
): Promise<Service> {
  const pipe = windows ? `\\\\.\\pipe\\${randomUUID()}` : join(tmpdir(), `wxpay-face-${randomUUID()}.sock`);
  const server = createServer((connection) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let needed = 4;
    connection.on('error', () => {});
    connection.on('data', (chunk) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size < needed) return;
      const frame = Buffer.concat(chunks.splice(0));
      needed = 4 + frame.readUInt32BE(0);
      chunks.push(frame);
      if (size < needed) return;
      const request = frame.subarray(4);
      answer(
        request,
        (message) => {
          const header = Buffer.alloc(4);
          header.writeUInt32BE(message.length);
          connection.write(header);
          connection.end(message);
        },
        connection,
      );
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(pipe, resolve));
  const before = process.env.WXPAY_FACE_PIPE;
  process.env.WXPAY_FACE_PIPE = pipe;
  return {
    close: async () => {
      if (before === undefined) delete process.env.WXPAY_FACE_PIPE;
      else process.env.WXPAY_FACE_PIPE = before;
      await new Promise((resolve) => server.close(resolve));
      if (!windows) rmSync(pipe, { force: true });
    },
  };
}
