import { type FileHandle, open } from 'node:fs/promises';

/** What a library's own header says of it. */
export interface LibraryFile {
  /** PE: Windows. ELF: Linux. Mach-O: macOS. */
  readonly format: 'PE' | 'ELF' | 'Mach-O';
  /** As process.arch has it, or the header's machine number if Node.js has no name for it. */
  readonly arch: string;
  /** False for a program, which can't be loaded. */
  readonly shared: boolean;
  /** False if the header speaks of more than the file has. Linux ends a process that loads such a file (SIGBUS). */
  readonly complete: boolean;
  /** File version of a PE file's resources, such as '1.26.0.0'. */
  readonly version?: string;
}

/** A part of a PE file: where it lies in the file, and in memory. */
interface Part {
  readonly offset: number;
  readonly size: number;
  readonly address: number;
}

interface Header extends Omit<LibraryFile, 'version' | 'complete'> {
  /** The bytes that the file must have. */
  readonly extent: number;
  /** Of a PE file. */
  readonly resources?: Part;
  /** Of a PE file: the section that holds its table of imports, and where in memory the table begins. */
  readonly imports?: Part & { readonly table: number };
}

// winnt.h IMAGE_FILE_MACHINE_*, elf.h EM_*
const peMachines: Readonly<Record<number, string>> = {
  332: 'ia32',
  34404: 'x64',
  43620: 'arm64',
  452: 'arm',
};
const elfMachines: Readonly<Record<number, string>> = {
  3: 'ia32',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
  258: 'loong64',
};
const machoMagics: ReadonlySet<number> = new Set([0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe, 0xcafebabe]);

/** An architecture that Node.js has no name for begins with it. */
export const unknownArch = 'unknown';

const named = (machines: Readonly<Record<number, string>>, machine: number) =>
  machines[machine] ?? `${unknownArch} (machine 0x${machine.toString(16)})`;

const headerBytes = 64 * 1024;
// Generous: a version resource is about 1 KB, but icons and dialogs share its section.
const maximumSection = 64 * 1024 * 1024;

function peHeader(head: Buffer): Header | undefined {
  const pe = head.readUInt32LE(0x3c);
  if (head.toString('latin1', pe, pe + 4) !== 'PE\0\0') return undefined;
  const coff = pe + 4;
  const optional = coff + 20;
  const optionalSize = head.readUInt16LE(coff + 16);
  const sections = Array.from({ length: head.readUInt16LE(coff + 2) }, (_, index) => {
    const section = optional + optionalSize + 40 * index;
    return {
      address: head.readUInt32LE(section + 12),
      size: head.readUInt32LE(section + 16),
      offset: head.readUInt32LE(section + 20),
    };
  });
  // The data directories follow 96 bytes of a PE32 header, 112 of a PE32+ one.
  const directories = optional + (head.readUInt16LE(optional) === 0x20b ? 112 : 96);
  const find = (directory: number) => {
    const at = directories + 8 * directory;
    const table = at + 8 > optional + optionalSize ? 0 : head.readUInt32LE(at);
    const section = sections.find(({ address, size }) => table >= address && table < address + size);
    return table === 0 || section === undefined ? undefined : { ...section, table };
  };
  const imports = find(1);
  const resources = find(2);
  const skipped = resources === undefined ? 0 : resources.table - resources.address;
  return {
    format: 'PE',
    arch: named(peMachines, head.readUInt16LE(coff)),
    shared: (head.readUInt16LE(coff + 18) & 0x2000) !== 0,
    extent: Math.max(optional + optionalSize, ...sections.map(({ offset, size }) => offset && offset + size)),
    ...(imports && { imports }),
    ...(resources && {
      resources: { offset: resources.offset + skipped, size: resources.size - skipped, address: resources.table },
    }),
  };
}

function elfHeader(head: Buffer): Header {
  const wide = head[4] === 2;
  const big = head[5] === 2;
  const half = (at: number) => (big ? head.readUInt16BE(at) : head.readUInt16LE(at));
  const word = (at: number) => (big ? head.readUInt32BE(at) : head.readUInt32LE(at));
  const address = (at: number) => (wide ? Number(big ? head.readBigUInt64BE(at) : head.readBigUInt64LE(at)) : word(at));
  const segments = Array.from({ length: half(wide ? 56 : 44) }, (_, index) => {
    const segment = address(wide ? 32 : 28) + half(wide ? 54 : 42) * index;
    return address(segment + (wide ? 8 : 4)) + address(segment + (wide ? 32 : 16));
  });
  return {
    format: 'ELF',
    arch: named(elfMachines, half(18)),
    shared: half(16) === 3,
    extent: Math.max(...segments, 0),
  };
}

/** Reads the first bytes of a file; undefined if they are no library's. */
export function parseHeader(head: Buffer): Header | undefined {
  try {
    if (head.toString('latin1', 0, 2) === 'MZ') return peHeader(head);
    if (head.toString('latin1', 0, 4) === '\x7fELF') return elfHeader(head);
    if (machoMagics.has(head.readUInt32BE(0))) return { format: 'Mach-O', arch: unknownArch, shared: true, extent: 0 };
  } catch (error) {
    // A header that points beyond its own end.
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

/** The libraries that a PE file names in its table of imports, in this section of it. */
export function parseImports(section: Buffer, address: number, table: number): string[] {
  const names: string[] = [];
  try {
    for (let entry = table - address; ; entry += 20) {
      const name = section.readUInt32LE(entry + 12) - address;
      if (name < 0) return names; // also the zero that ends the table
      const end = section.indexOf(0, name);
      names.push(section.toString('latin1', name, end < 0 ? section.length : end));
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return names;
  }
}

/** The sub-entry of a resource directory: the one with this id, or the first. */
function resourceEntry(resources: Buffer, directory: number, id?: number): number | undefined {
  const entries = resources.readUInt16LE(directory + 12) + resources.readUInt16LE(directory + 14);
  for (let index = 0; index < entries; index++) {
    const entry = directory + 16 + 8 * index;
    if (id === undefined || resources.readUInt32LE(entry) === id) return resources.readUInt32LE(entry + 4) & 0x7fffffff;
  }
  return undefined;
}

/** The file version in a PE file's resources (VS_VERSIONINFO), or undefined. `address` is their place in memory. */
export function parseFileVersion(resources: Buffer, address: number): string | undefined {
  const versionType = 16;
  try {
    const names = resourceEntry(resources, 0, versionType);
    const languages = names === undefined ? undefined : resourceEntry(resources, names);
    const entry = languages === undefined ? undefined : resourceEntry(resources, languages);
    if (entry === undefined) return undefined;
    // VS_VERSIONINFO: three 16-bit numbers, the key 'VS_VERSION_INFO' in UTF-16 with its NUL, padding to 32 bits.
    const fixed = resources.readUInt32LE(entry) - address + 40;
    if (resources.readUInt32LE(fixed) !== 0xfeef04bd) return undefined;
    const numbers = [10, 8, 14, 12].map((at) => resources.readUInt16LE(fixed + at));
    return numbers.join('.');
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return undefined;
  }
}

async function readPart(file: FileHandle, offset: number, size: number): Promise<Buffer> {
  const part = Buffer.alloc(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await file.read(part, filled, size - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return part.subarray(0, filled);
}

/**
 * Reads a library's architecture and version without loading it.
 * @returns undefined if the file is not a library
 * @throws the system's error if it can't be read
 */
export async function readLibraryFile(path: string): Promise<LibraryFile | undefined> {
  const file = await open(path, 'r');
  try {
    const header = parseHeader(await readPart(file, 0, headerBytes));
    if (header === undefined) return undefined;
    const { resources, imports: _imports, extent, ...described } = header;
    const library = { ...described, complete: (await file.stat()).size >= extent };
    if (resources === undefined) return library;
    const size = Math.min(resources.size, maximumSection);
    const version = parseFileVersion(await readPart(file, resources.offset, size), resources.address);
    return version === undefined ? library : { ...library, version };
  } finally {
    await file.close();
  }
}

/**
 * The libraries that a PE file needs, as it names them; none of another file.
 * @throws the system's error if it can't be read
 */
export async function readImports(path: string): Promise<string[]> {
  const file = await open(path, 'r');
  try {
    const imports = parseHeader(await readPart(file, 0, headerBytes))?.imports;
    if (imports === undefined) return [];
    const section = await readPart(file, imports.offset, Math.min(imports.size, maximumSection));
    return parseImports(section, imports.address, imports.table);
  } finally {
    await file.close();
  }
}
