import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { BillError } from '../errors.js';

type Bytes = AsyncIterable<Uint8Array>;

/** RFC 1952. */
const gzipMagic = Buffer.from([0x1f, 0x8b]);

const isOfZlib = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_');

async function* gunzipped(packed: Bytes): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 64 * 1024 });
  // Ends each with the error of the other: whoever iterates gets it.
  pipeline(Readable.from(packed), gunzip).catch(() => {});
  try {
    yield* gunzip;
  } catch (error) {
    if (!isOfZlib(error)) throw error;
    throw new BillError('ERR_BILL', `The bill can't be unpacked: ${error.message}`);
  }
}

/** What has been taken from it, then what is left. */
async function* joined(taken: Uint8Array, left: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield taken;
  yield* { [Symbol.asyncIterator]: () => left };
}

/** Whether it's packed say its first two bytes: a gateway may have answered without. */
async function* unpacked(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const left = bytes[Symbol.asyncIterator]();
  try {
    let taken = Buffer.alloc(0);
    while (taken.length < gzipMagic.length) {
      const { done, value } = await left.next();
      if (done) break;
      taken = Buffer.concat([taken, value]);
    }
    const all = joined(taken, left);
    yield* taken.subarray(0, gzipMagic.length).equals(gzipMagic) ? gunzipped(all) : all;
  } finally {
    await left.return?.();
  }
}

/** Of the bytes that are shown to `update`: whether they are those of a header `Digest: SHA=…`. */
function digestOf(header: string) {
  const said = /(?:^|,)\s*SHA=([^,\s]+)/i.exec(header)?.[1];
  const hash = createHash('sha1');
  return {
    update: (bytes: Uint8Array) => hash.update(bytes),
    isRight: () => {
      const digest = hash.digest();
      return said === digest.toString('base64') || said?.toLowerCase() === digest.toString('hex');
    },
  };
}

/**
 * The text of a bill, unpacked if it's packed.
 * @param header `Digest`, of an answer that has one.
 * @throws BillError at the end, if the digest is another one; and whatever `bytes` throws.
 */
export async function* textOf(bytes: Bytes, header?: string): AsyncGenerator<string> {
  const digest = header === undefined ? undefined : digestOf(header);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (chunk?: Uint8Array): string => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      throw new BillError('ERR_BILL', 'The bill is not UTF-8');
    }
  };
  for await (const chunk of unpacked(bytes)) {
    digest?.update(chunk);
    yield decode(chunk);
  }
  yield decode();
  if (digest?.isRight() === false)
    throw new BillError('ERR_BILL', "The bill's digest is another one than its header says");
}
