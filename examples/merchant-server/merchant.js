// A till's `Merchant` that asks the merchant's server. Knows no key: only the address and this terminal's token.
import * as http from 'node:http';
import * as https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { OrderExistsError } from 'wxpay-face';

/** How long a till looks for its server again before it tells the cashier that the result is unknown. */
const patience = 120_000;

/**
 * One request; resolves with status and JSON, rejects where no whole answer came.
 * node:http and not fetch: Electron 22 has Node.js 16.
 */
function send({ url, token }, method, path, { body, timeout = 10_000 } = {}) {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const target = new URL(path, url);
    const request = (target.protocol === 'https:' ? https : http).request(target, {
      method,
      timeout,
      headers: {
        authorization: `Bearer ${token}`,
        ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      },
    });
    request.on('timeout', () => request.destroy(new Error('the merchant’s server does not answer')));
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        try {
          const answer = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode, answer: answer === '' ? undefined : JSON.parse(answer) });
        } catch (error) {
          reject(error);
        }
      });
    });
    request.end(text);
  });
}

/** The server understood, and said no. Everything else is unknown. */
class Refusal extends Error {
  constructor({ status, answer }) {
    super(answer?.error ?? `the merchant’s server answered ${status}`);
    this.status = status;
    this.code = answer?.code;
  }
}

async function ask(server, method, path, options) {
  const reply = await send(server, method, path, options);
  if (reply.status >= 500) throw new Error(reply.answer?.error ?? `the merchant’s server answered ${reply.status}`);
  if (reply.status >= 400) throw new Refusal(reply);
  return reply;
}

/** @param server `{ url, token }` */
export async function remoteMerchant(server) {
  const pathOf = (out_trade_no) => `/payments/${encodeURIComponent(out_trade_no)}`;
  const { answer: identity } = await ask(server, 'GET', '/identity');

  /** @returns the reply's status, and the outcome where there is one */
  async function look(out_trade_no) {
    const { status, answer } = await send(server, 'GET', pathOf(out_trade_no));
    if (status !== 200 && status !== 202 && status !== 404) throw new Refusal({ status, answer });
    return { status, outcome: status === 200 ? answer : undefined };
  }

  /** The server has the payment: waits until it has decided. */
  async function follow(out_trade_no, until) {
    for (;;) {
      const { outcome } = await look(out_trade_no).catch(() => ({}));
      if (outcome) return outcome;
      if (Date.now() > until) throw new Error('the result of the payment is unknown: ask again later');
      await sleep(1000);
    }
  }

  /** Sent until the server notes it, since it may overtake the payment. */
  async function withdraw(out_trade_no, isOver) {
    while (!isOver()) {
      const noted = await ask(server, 'DELETE', pathOf(out_trade_no)).then(
        () => true,
        () => false,
      );
      if (noted) return;
      await sleep(1000);
    }
  }

  return {
    identity,
    async getWxpayfaceAuthinfo(params) {
      return (await ask(server, 'POST', '/authinfo', { body: params, timeout: 30_000 })).answer;
    },
    async outcome(out_trade_no) {
      return (await look(out_trade_no)).outcome;
    },
    async pay(order, code, { signal } = {}) {
      const { out_trade_no } = order;
      if (signal?.aborted) return { status: 'cancelled', out_trade_no, by: 'cashier' };
      const until = Date.now() + patience;
      let over = false;
      const abort = () => void withdraw(out_trade_no, () => over);
      signal?.addEventListener('abort', abort, { once: true });
      try {
        for (let attempt = 1; ; attempt += 1) {
          try {
            return (await ask(server, 'PUT', pathOf(out_trade_no), { body: { order, code }, timeout: patience }))
              .answer;
          } catch (error) {
            if (error instanceof Refusal && error.status !== 409) throw error;
            if (error instanceof Refusal && attempt === 1) throw new OrderExistsError(out_trade_no);
            // 409 after a broken connection: the request had arrived, and the payment goes on over there.
            if (error instanceof Refusal) return await follow(out_trade_no, until);
            if (signal?.aborted || Date.now() > until) return await follow(out_trade_no, until);
            // Safe to repeat: the server's journal takes a number once.
            await sleep(1000);
          }
        }
      } finally {
        over = true;
        signal?.removeEventListener('abort', abort);
      }
    },
    /** Beyond what FacePay needs: what this terminal was not told, and that it has acted. */
    async unacknowledged() {
      return (await ask(server, 'GET', '/payments')).answer;
    },
    async acknowledge({ out_trade_no, revision }) {
      await ask(server, 'POST', `${pathOf(out_trade_no)}/acknowledge`, { body: { revision } });
    },
  };
}
