import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  parseFileVersion,
  parseHeader,
  parseImports,
  readImports,
  readLibraryFile,
} from '../../lib/face/library-file.js';
import { stubPath } from '../support/native.js';

// A package that carries libraries for many platforms.
const foreign = join(dirname(createRequire(import.meta.url).resolve('classic-level/package.json')), 'prebuilds');

/** A DLL that holds nothing but a version resource, laid out as the PE specification has it. */
function dll(machine: number, version: readonly [number, number, number, number]): Buffer {
  const file = Buffer.alloc(0x400);
  const [pe, optional, sections] = [0x80, 0x98, 0x98 + 0xf0];
  const [address, offset] = [0x3000, 0x200];
  file.write('MZ');
  file.writeUInt32LE(pe, 0x3c);
  file.write('PE\0\0', pe, 'latin1');
  file.writeUInt16LE(machine, pe + 4);
  file.writeUInt16LE(2, pe + 6);
  file.writeUInt16LE(0xf0, pe + 20);
  file.writeUInt16LE(0x2000, pe + 22);
  file.writeUInt16LE(0x20b, optional);
  file.writeUInt32LE(address, optional + 112 + 16);
  file.write('.text', sections);
  file.writeUInt32LE(0x1000, sections + 12);
  file.writeUInt32LE(0x200, sections + 16);
  file.write('.rsrc', sections + 40);
  file.writeUInt32LE(address, sections + 40 + 12);
  file.writeUInt32LE(0x200, sections + 40 + 16);
  file.writeUInt32LE(offset, sections + 40 + 20);
  const directory = (at: number, entries: ReadonlyArray<readonly [id: number, target: number]>) => {
    file.writeUInt16LE(entries.length, offset + at + 14);
    for (const [index, [id, target]] of entries.entries()) {
      file.writeUInt32LE(id, offset + at + 16 + 8 * index);
      file.writeUInt32LE(target, offset + at + 20 + 8 * index);
    }
  };
  const subdirectory = 0x80000000;
  directory(0, [
    [3, subdirectory + 0x100], // an icon comes first
    [16, subdirectory + 0x40],
  ]);
  directory(0x40, [[1, subdirectory + 0x60]]);
  directory(0x60, [[2052, 0x80]]);
  file.writeUInt32LE(address + 0x90, offset + 0x80);
  const info = offset + 0x90;
  file.write('VS_VERSION_INFO', info + 6, 'utf16le');
  file.writeUInt32LE(0xfeef04bd, info + 40);
  const [major, minor, build, revision] = version;
  file.writeUInt16LE(minor, info + 48);
  file.writeUInt16LE(major, info + 50);
  file.writeUInt16LE(revision, info + 52);
  file.writeUInt16LE(build, info + 54);
  return file;
}

describe("A library's own header", () => {
  it('tells the architecture of libraries of every platform, and has no version where there is none', async () => {
    const expected = {
      'win32-ia32/node.napi.node': { format: 'PE', arch: 'ia32', shared: true, complete: true },
      'win32-x64/node.napi.node': { format: 'PE', arch: 'x64', shared: true, complete: true },
      'linux-x64/node.napi.glibc.node': { format: 'ELF', arch: 'x64', shared: true, complete: true },
      'linux-arm64/node.napi.armv8.node': { format: 'ELF', arch: 'arm64', shared: true, complete: true },
      'linux-arm/node.napi.armv7.node': { format: 'ELF', arch: 'arm', shared: true, complete: true },
    };
    for (const [file, header] of Object.entries(expected))
      expect(await readLibraryFile(join(foreign, file)), file).to.deep.equal(header);
  });

  it('tells what a Windows library needs, and nothing of another', async () => {
    for (const platform of ['win32-x64', 'win32-ia32'])
      expect(await readImports(join(foreign, platform, 'node.napi.node'))).to.deep.equal(['KERNEL32.dll']);
    expect(await readImports(join(foreign, 'linux-x64', 'node.napi.glibc.node'))).to.deep.equal([]);
  });

  it('tells the architecture of the stub library, which is that of this process', async () => {
    expect(await readLibraryFile(stubPath)).to.include({ arch: process.arch, shared: true, complete: true });
  });

  it("tells a Windows library's file version", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'face-'));
    try {
      const path = join(folder, 'WxpayFaceSDK.dll');
      writeFileSync(path, dll(0x14c, [1, 26, 3, 65535]));
      expect(await readLibraryFile(path)).to.deep.equal({
        format: 'PE',
        arch: 'ia32',
        shared: true,
        complete: true,
        version: '1.26.3.65535',
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('names the machine number of an architecture that Node.js has no name for', () => {
    expect(parseHeader(dll(0x1234, [1, 0, 0, 0]))?.arch).to.equal('unknown (machine 0x1234)');
  });

  it('is not found in a text, a cut-off library, or a DOS program', () => {
    expect(parseHeader(Buffer.from('#!/bin/sh\n'))).to.equal(undefined);
    expect(parseHeader(Buffer.alloc(0))).to.equal(undefined);
    expect(parseHeader(dll(0x14c, [1, 0, 0, 0]).subarray(0, 0x82))).to.equal(undefined);
    expect(parseHeader(Buffer.concat([Buffer.from('MZ'), Buffer.alloc(100)]))).to.equal(undefined);
  });

  it('never breaks the reader, however damaged it is', () => {
    const whole = dll(0x8664, [1, 26, 0, 0]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 20 }),
        fc.nat(whole.length),
        (changes, length) => {
          const damaged = Buffer.from(whole);
          for (const [at, byte] of changes) damaged[at] = byte;
          const header = parseHeader(damaged.subarray(0, length));
          if (header?.resources !== undefined) parseFileVersion(damaged.subarray(0x200), header.resources.address);
        },
      ),
      { numRuns: 2000 },
    );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseHeader(Buffer.from(bytes))));
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(64), (bytes, table) => void parseImports(Buffer.from(bytes), 0, table)),
    );
  });
});
