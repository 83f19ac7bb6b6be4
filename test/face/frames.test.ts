import { expect } from 'chai';
import fc from 'fast-check';
import { FrameReader, requestFrame } from '../../lib/face/frames.js';
import { maximumMessage } from '../../lib/face/library-access.js';

const framed = (payload: Uint8Array) => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(payload.length);
  return Buffer.concat([length, payload]);
};

describe('Frames of a host process', () => {
  it('come out as they went in, wherever the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 12, maxLength: 60 }), { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (payloads, cuts) => {
          const stream = Buffer.concat(payloads.map(framed));
          const reader = new FrameReader();
          const received: Buffer[] = [];
          for (let at = 0, cut = 0; at < stream.length; cut++) {
            const size = cuts[cut % cuts.length] ?? 1;
            received.push(...reader.push(stream.subarray(at, at + size)));
            at += size;
          }
          expect(received.map((payload) => [...payload])).to.deep.equal(payloads.map((payload) => [...payload]));
        },
      ),
    );
  });

  it('are refused as soon as their length can not be that of a response', () => {
    for (const length of [0, 11, maximumMessage + 13, 0xffffffff]) {
      const head = Buffer.alloc(4);
      head.writeUInt32BE(length);
      expect(() => [...new FrameReader().push(head)], String(length)).to.throw(RangeError);
    }
  });

  it('may hold 64 MiB', () => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(maximumMessage + 12);
    expect([...new FrameReader().push(head)]).to.deep.equal([]);
  });

  it('begin with their length and the request id', () => {
    expect(Buffer.concat(requestFrame(0x01020304, Buffer.from('{}'))).toString('hex')).to.equal('00000006010203047b7d');
  });
});
