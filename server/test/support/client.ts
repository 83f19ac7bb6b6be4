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

  /** @param signal Ends the request, whatever became of it: as if the line broke. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
    signal?: AbortSignal,
  ): Promise<Answer> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      ...(signal !== undefined && { signal }),
      headers: {
        ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    const lines = type.includes('ndjson') ? text.split('\n').filter((line) => line !== '') : [];
    return {
      status: response.status,
      body: type.includes('application/json') ? JSON.parse(text) : {},
      lines: lines.map((line) => JSON.parse(line)),
      headers: response.headers,
    };
  }

  /** Server-sent events, until the server ends them. */
  async *events(path: string): AsyncIterable<Record<string, unknown>> {
    const response = await fetch(`${this.#url}${path}`, { headers: { authorization: `Bearer ${this.#token}` } });
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        yield JSON.parse(text.slice('data: '.length, end));
        text = text.slice(end + 2);
      }
    }
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
