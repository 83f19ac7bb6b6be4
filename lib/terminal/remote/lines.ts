import { StringDecoder } from 'node:string_decoder';
import { PayTransportError } from '../../pay/errors.js';

/** Characters. An outcome has one or two thousand. */
const longest = 256 * 1_024;

/**
 * The lines of an answer while it comes; what stands behind the last line's end was cut off.
 * @throws PayTransportError for a line beyond all reason
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  const decoder = new StringDecoder('utf8');
  let text = '';
  for await (const chunk of chunks) {
    text += decoder.write(chunk);
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    yield* lines;
    if (text.length > longest)
      throw new PayTransportError('the merchant server sent a line that has no end', true, { why: 'broken' });
  }
}
