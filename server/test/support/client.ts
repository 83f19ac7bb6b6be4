/** An answer, as a till sees it. */
export interface Answer {
  readonly status: number;
  /** Parsed, or its lines if it's NDJSON. */
  readonly body: Record<string, unknown>;
  readonly lines: ReadonlyArray<Record<string, unknown>>;
  readonly headers: Headers;
}

/** A till's side of the HTTP: what the documentation says, and nothing more. */
export class Client {
  readonly #url: string;
  readonly #token: string | undefined;

  constructor(url: string, token: string | undefined) {
    this.#url = url;
    this.#token = token;
  }

  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isLines = response.headers.get('content-type')?.includes('ndjson') ?? false;
    const lines = isLines ? text.split('\n').filter((line) => line !== '') : [];
    return {
      status: response.status,
      body: isLines || text === '' ? {} : JSON.parse(text),
      lines: lines.map((line) => JSON.parse(line)),
      headers: response.headers,
    };
  }

  get = (path: string): Promise<Answer> => this.ask('GET', path);
  delete = (path: string): Promise<Answer> => this.ask('DELETE', path);

  pay(
    number: string,
    auth_code: string,
    { key, wait, total_fee = 100 }: { key?: string; wait?: number; total_fee?: unknown } = {},
  ) {
    const query = wait === undefined ? '' : `?wait=${wait}`;
    const body = { order: { total_fee, body: 'Tea' }, code: { auth_code } };
    return this.ask('PUT', `/v1/payments/${number}${query}`, body, key === undefined ? {} : { 'idempotency-key': key });
  }
}
