import { expect } from 'chai';
import { isOneResponse } from '../../../lib/pay/http/message-end.js';

describe('one HTTP response and nothing else', () => {
  const head = 'HTTP/1.1 200 OK\r\ndate: now\r\n';
  const sized = `${head}Content-Length: 5\r\n\r\n<xml>`;
  const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n5\r\n<xml>\r\n0\r\n\r\n`;
  const table: ReadonlyArray<readonly [string, string, boolean]> = [
    ['with its length', sized, true],
    ['in chunks', chunked, true],
    ['without a body', `${head}content-length: 0\r\n\r\n`, true],
    ['and again', `${sized}${sized}`, false],
    ['and one byte more', `${sized}x`, false],
    ['and a line feed', `${sized}\r\n`, false],
    ['and how another begins', `${sized}HTTP/1.1 20`, false],
    ['cut off', sized.slice(0, -1), false],
    ['cut off in its head', head, false],
    ['in chunks and one byte more', `${chunked}x`, false],
    ['in chunks and how another begins', `${chunked}HTTP/1.1 200 OK\r\n`, false],
    ['in chunks, cut off', chunked.slice(0, -2), false],
    ['that ends with the connection', `${head}\r\n<xml>`, false],
    ['after an interim one', `HTTP/1.1 100 Continue\r\n\r\n${sized}`, false],
    ['whose body speaks of a length', `${head}x: y\r\n\r\ncontent-length: 5\r\n\r\n<xml>`, false],
  ];
  for (const [what, raw, expected] of table)
    it(`${what}: ${expected ? 'yes' : 'no'}`, () => {
      expect(isOneResponse(Buffer.from(raw))).to.equal(expected);
    });
});
