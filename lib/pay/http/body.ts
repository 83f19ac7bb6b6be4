import type { Request } from 'got';
import { PayResponseError } from '../errors.js';

const maxBytes = 1024 * 1024;

const closedEarly = 'the connection was closed before the answer had ended';

/** @throws PayResponseError for a body beyond 1 MiB. */
export function readBody(stream: Request): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > maxBytes) reject(new PayResponseError(`The answer has more than ${maxBytes} bytes`));
    });
    stream.once('end', () => resolve(Buffer.concat(chunks, size)));
    stream.on('error', reject);
    stream.once('close', () => reject(new Error(closedEarly)));
  });
}

/** Resolves when the head has come. From then on somebody hears the stream's errors. */
export function answered(stream: Request): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('response', () => resolve());
    stream.on('error', reject);
    stream.once('close', () => reject(new Error(closedEarly)));
  });
}
