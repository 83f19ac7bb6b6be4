import { strict as assert } from 'node:assert';
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import {
  loadAddon,
  longest,
  type NativeLibrary,
  openLibrary,
  report,
  root,
  type Service,
  startService,
  stubPath,
  testLibrary,
  untilBlocked,
} from '../support/native.js';
import { rejection } from '../support/rejection.js';
import { skip } from '../support/skip.js';

const text = (value: string) => Buffer.from(value);
const mebibyte = 1 << 20;

describe('addon: calls', () => {
  describe('through the stub library and its pipe', () => {
    let service: Service;
    let library: NativeLibrary;
    const held: Array<() => void> = [];

    before(async () => {
      service = await startService((request, respond, connection) => {
        const word = request.subarray(0, 16).toString();
        if (word.startsWith('hold')) held.push(() => respond(request));
        else if (word === 'stop') {
          respond(request);
          for (const release of held.splice(0)) release();
        } else if (word === 'close') connection.destroy();
        else if (word === 'half a length') connection.end(Buffer.from([0, 0]));
        else if (word === 'absurd length') connection.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
        else if (word === 'half a response') connection.end(Buffer.from([0, 0, 0, 9, 0x7b]));
        else if (word === 'nothing') respond(Buffer.alloc(0));
        else respond(request);
      });
      library = await openLibrary(stubPath);
    });

    after(async () => {
      const outstanding = await (await openLibrary(testLibrary('outstanding'))).call(text(stubPath));
      expect(outstanding.toString(), 'responses not given back').to.equal('0');
      await service.close();
    });

    for (const size of [0, 1, 100, 4096, 65_536, mebibyte, longest]) {
      it(`carries ${size} bytes there and back`, async () => {
        const request = Buffer.alloc(size, '€');
        const response = await library.call(request);
        assert(response.equals(request));
      });
    }

    it('answers an empty response with an empty buffer', async () => {
      expect(await library.call(text('nothing'))).to.deep.equal(Buffer.alloc(0));
    });

    it('sends the bytes that the buffer had when the call was made', async () => {
      const request = text('before');
      const promise = library.call(request);
      request.fill('x');
      expect((await promise).toString()).to.equal('before');
    });

    it('sends only the part of memory that a subarray shows', async () => {
      const whole = text('0123456789');
      expect((await library.call(whole.subarray(3, 6))).toString()).to.equal('345');
    });

    for (const [word, returnValue] of [
      ['close', -3],
      ['half a length', -3],
      ['absurd length', -3],
      ['half a response', -4],
    ] as const) {
      it(`rejects with ${returnValue} when the service answers with ${word}`, async () => {
        const error = await rejection(library.call(text(word)));
        expect(error.returnValue).to.equal(returnValue);
        expect(error.message).to.equal(`wxpayCallFaceService returned ${returnValue}`);
      });
    }

    it('lets a stop overtake a blocked recognition', async () => {
      const recognition = library.call(text('hold'));
      while (held.length < 1) await sleep(1);
      expect((await library.call(text('stop'))).toString()).to.equal('stop');
      expect((await recognition).toString()).to.equal('hold');
    });

    it('leaves files, names and timers alone while 16 calls are blocked', async () => {
      const blocked = Array.from({ length: 16 }, (_, i) => library.call(text(`hold ${i}`)));
      let settled = 0;
      for (const call of blocked) void call.then(() => settled++);
      while (held.length < 16) await sleep(1);

      for (let i = 0; i < 16; i++) {
        await Promise.all([readFile(`${root}/package.json`), lookup('localhost'), sleep(1)]);
      }
      expect(settled, 'calls that had ended meanwhile').to.equal(0);

      await library.call(text('stop'));
      const answers = await Promise.all(blocked);
      expect(answers.map(String)).to.deep.equal(Array.from({ length: 16 }, (_, i) => `hold ${i}`));
    });
  });

  it('rejects with -1 when no service listens', async () => {
    const before = process.env.WXPAY_FACE_PIPE;
    process.env.WXPAY_FACE_PIPE = process.platform === 'win32' ? '\\\\.\\pipe\\nobody' : '/nobody/listens';
    try {
      expect((await rejection((await openLibrary(stubPath)).call(text('x')))).returnValue).to.equal(-1);
    } finally {
      if (before === undefined) delete process.env.WXPAY_FACE_PIPE;
      else process.env.WXPAY_FACE_PIPE = before;
    }
  });

  describe('of a library that answers oddly', () => {
    let library: NativeLibrary;
    before(async () => {
      library = await openLibrary(testLibrary('faulty'));
    });

    afterEach('every response was given back', async () => {
      expect(await report(library)).to.deep.include({ outstanding: 0, blocked: 0 });
    });

    it('gives an empty buffer for a null pointer of size 0', async () => {
      expect(await library.call(text('null_empty'))).to.deep.equal(Buffer.alloc(0));
    });

    it('gives an empty buffer for a pointer of size 0', async () => {
      expect(await library.call(text('empty'))).to.deep.equal(Buffer.alloc(0));
    });

    it('rejects a null pointer that has a size', async () => {
      expect((await rejection(library.call(text('null_sized')))).code).to.equal('ERR_NULL_RESPONSE');
    });

    it('takes a response of 64 MiB', async function () {
      if (process.arch === 'ia32') return skip(this, 'no room for it in a 32-bit process');
      expect(await library.call(text('largest'))).to.have.lengthOf(64 * mebibyte);
    });

    for (const word of ['too_long', 'absurd']) {
      it(`rejects a response that claims more than 64 MiB (${word}) without reading it`, async () => {
        expect((await rejection(library.call(text(word)))).code).to.equal('ERR_RESPONSE_TOO_LONG');
      });
    }

    it('neither reads nor gives back what a failed call left behind', async () => {
      const error = await rejection(library.call(text('refuse')));
      expect(error.returnValue).to.equal(-7);
      expect(error).not.to.have.property('code');
    });

    for (const [word, bytes] of [
      ['invalid_utf8', '{"return_code":"\xff\xfe"}'],
      ['raw_surrogate', '{"return_code":"\xed\xa0\x80"}'],
    ] as const) {
      it(`hands over bytes that are no UTF-8 as they are (${word})`, async () => {
        expect((await library.call(text(word))).subarray(0, bytes.length - 1).toString('latin1')).to.equal(
          bytes.slice(0, -1),
        );
      });
    }

    it('gives responses that belong to V8 and stay as they are', async () => {
      const [first, second] = await Promise.all([library.call(text('one')), library.call(text('two'))]);
      first.fill(0);
      expect(second.toString()).to.equal('two');
    });
  });

  it('does not wait behind blocked calls, however many', async () => {
    const library = await openLibrary(testLibrary('faulty'));
    // A 32-bit process has 2 GiB for their stacks and everything else.
    const count = process.arch === 'ia32' ? 400 : 1000;
    const blocked = Array.from({ length: count }, () => library.call(text('block')));
    await untilBlocked(library, count);
    expect((await library.call(text('hello'))).toString()).to.equal('hello');
    await library.call(text('unblock'));
    await Promise.all(blocked);
  });

  it('rejects calls after close, and lets those in flight end', async () => {
    const library = await openLibrary(testLibrary('faulty'));
    const blocked = library.call(text('block'));
    await untilBlocked(library, 1);
    library.close();
    library.close();
    expect((await rejection(library.call(text('x')))).code).to.equal('ERR_CLOSED');
    await (await openLibrary(testLibrary('faulty'))).call(text('unblock'));
    expect((await blocked).toString()).to.equal('block');
  });

  it('opens one library a thousand times', async () => {
    for (let i = 0; i < 1000; i++) (await openLibrary(testLibrary('faulty'))).close();
    expect((await (await openLibrary(testLibrary('faulty'))).call(text('still there'))).toString()).to.equal(
      'still there',
    );
  });

  for (const [what, request] of [
    ['a string', 'text'],
    ['nothing', undefined],
    ['an array of bytes', [1, 2]],
    ['a Uint16Array', new Uint16Array(2)],
  ] as const) {
    it(`throws a TypeError for ${what} as the request`, async () => {
      const library = await openLibrary(testLibrary('faulty'));
      expect(() => Reflect.apply(library.call, library, [request])).to.throw(TypeError, 'Uint8Array');
    });
  }

  it('throws a RangeError for a request of more than 64 MiB', async function () {
    if (process.arch === 'ia32') return skip(this, 'no room for it in a 32-bit process');
    const library = await openLibrary(testLibrary('faulty'));
    expect(() => library.call(Buffer.alloc(64 * mebibyte + 1))).to.throw(RangeError, '64 MiB');
  });

  it('throws a TypeError when its functions are called on something else', async () => {
    const library = await openLibrary(testLibrary('faulty'));
    expect(() => Reflect.apply(library.call, {}, [text('x')])).to.throw(TypeError);
    const { NativeLibrary } = loadAddon();
    expect(() => Reflect.apply(library.call, Object.create(NativeLibrary.prototype), [text('x')])).to.throw(TypeError);
    for (const path of [undefined, 42, 'a\0b', library])
      expect(() => Reflect.construct(NativeLibrary, [path])).to.throw(TypeError, 'path');
  });

  it('rejects a call before the library is loaded', async () => {
    const { NativeLibrary } = loadAddon();
    const library = new NativeLibrary(testLibrary('faulty'));
    expect((await rejection(library.call(text('x')))).code).to.equal('ERR_NOT_LOADED');
  });
});
