import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { type PayClientOptions, sign, verifySignature } from 'wxpay-face';
import { issue } from './certificates.js';

type Fields = Record<string, string>;

const fieldsOf = (xml: string): Fields =>
  Object.fromEntries(
    [...xml.matchAll(/<(\w+)>(?:<!\[CDATA\[([\s\S]*?)\]\]>|([^<]*))<\/\1>/g)].map(([, name = '', cdata, text]) => [
      name,
      cdata ?? text ?? '',
    ]),
  );

const xmlOf = (fields: Fields): string =>
  `<xml>${Object.entries(fields)
    .map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`)
    .join('')}</xml>`;

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** A merchant's key at the gateway that changes: stands before the simulator, whose own key never does. */
export class RekeyedGateway {
  /** What requests must be signed with. */
  key: string;
  /** What answers are signed with. */
  answerKey: string;
  /** Holds answers back while it is set. */
  holding: Promise<void> | undefined;
  readonly options: PayClientOptions;
  readonly #server: https.Server;
  readonly #simulated: PayClientOptions;

  private constructor(server: https.Server, simulated: PayClientOptions, options: PayClientOptions) {
    this.key = simulated.key;
    this.answerKey = simulated.key;
    this.options = options;
    this.#server = server;
    this.#simulated = simulated;
    server.on('request', (request, response) => {
      void this.#answer(request).then((body) => response.setHeader('content-type', 'text/xml').end(body));
    });
  }

  static async start(simulated: PayClientOptions): Promise<RekeyedGateway> {
    const authority = issue('Test CA');
    const { cert, key } = issue('127.0.0.1', authority);
    const server = https.createServer({ cert, key }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `https://127.0.0.1:${Object(server.address()).port}`;
    const endpoints = { pay: origin, payBackup: false as const, face: origin };
    return new RekeyedGateway(server, simulated, { ...simulated, endpoints, ca: authority.cert });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage): Promise<string> {
    const fields = fieldsOf(await textOf(request));
    const type = 'HMAC-SHA256';
    if (!verifySignature(fields, this.key, type)) return xmlOf({ return_code: 'FAIL', return_msg: '签名错误' });
    const answer = fieldsOf(await this.#ask(request.url ?? '', xmlOf(this.#signed(fields, this.#simulated.key))));
    await this.holding;
    return xmlOf(answer.sign === undefined ? answer : this.#signed(answer, this.answerKey));
  }

  #signed({ sign: _, ...fields }: Fields, key: string): Fields {
    return { ...fields, sign: sign(fields, key, 'HMAC-SHA256') };
  }

  async #ask(path: string, body: string): Promise<string> {
    const { ca, certificate, endpoints } = this.#simulated;
    const { cert, key } = Object(certificate);
    const request = https.request(`${endpoints?.pay}${path}`, {
      method: 'POST',
      agent: false,
      cert,
      key,
      ...(typeof ca === 'string' && { ca }),
    });
    request.end(body);
    const [response] = await once(request, 'response');
    return textOf(response);
  }
}
