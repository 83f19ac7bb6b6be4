import { maximumMessage } from './library-access.js';

// A frame is a 32-bit big-endian length and that many bytes: request id, outcome and return value (both only in responses),
// message.
const lengthBytes = 4;
const responseHeaderBytes = 12;

/** The two parts of a request's frame; the message isn't copied. */
export function requestFrame(id: number, request: Uint8Array): [header: Buffer, message: Uint8Array] {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(4 + request.length, 0);
  header.writeUInt32BE(id, 4);
  return [header, request];
}

/** What the payload of a response's frame says; the message isn't copied. */
export const readResponse = (payload: Buffer): { id: number; outcome: number; value: number; message: Buffer } => ({
  id: payload.readUInt32BE(0),
  outcome: payload.readUInt32BE(4),
  value: payload.readInt32BE(8),
  message: payload.subarray(responseHeaderBytes),
});

/** Puts frames together from what a stream delivers. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;

  /**
   * Yields the payloads that this chunk has completed, also those in front of a length that it fails at.
   * @throws RangeError if a length can't be a response's
   */
  *push(chunk: Buffer): Generator<Buffer, void, undefined> {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size >= lengthBytes) {
      const length = this.#nextLength();
      if (length < responseHeaderBytes || length > maximumMessage + responseHeaderBytes)
        throw new RangeError(`a frame of ${length} bytes`);
      if (this.#size < lengthBytes + length) break;
      const all = this.#joined();
      this.#chunks = [all.subarray(lengthBytes + length)];
      this.#size -= lengthBytes + length;
      yield all.subarray(lengthBytes, lengthBytes + length);
    }
  }

  #nextLength(): number {
    const [first] = this.#chunks;
    return (first !== undefined && first.length >= lengthBytes ? first : this.#joined()).readUInt32BE(0);
  }

  #joined(): Buffer {
    const [only, ...others] = this.#chunks;
    const all = only !== undefined && others.length === 0 ? only : Buffer.concat(this.#chunks, this.#size);
    this.#chunks = [all];
    return all;
  }
}
