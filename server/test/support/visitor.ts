/** An answer, as the page sees it. */
export interface Said {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
  readonly text: string;
}

/** A person's browser, as far as HTTP goes: its cookie, and where its requests come from. */
export class Visitor {
  readonly url: string;
  readonly #origin: string;
  cookie: string | undefined;

  /** @param origin Of the page that asks. */
  constructor(url: string, origin: string = new URL(url).origin) {
    this.url = url;
    this.#origin = origin;
  }

  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Said> {
    const response = await fetch(new URL(path, this.url), {
      method,
      headers: {
        ...(method !== 'GET' && { origin: this.#origin }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(this.cookie !== undefined && { cookie: this.cookie }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('application/json');
    return { status: response.status, body: isJson ? JSON.parse(text) : {}, headers: response.headers, text };
  }

  get = (path: string): Promise<Said> => this.ask('GET', path);
  post = (path: string, body: unknown): Promise<Said> => this.ask('POST', path, body);

  async signIn(token: string): Promise<Said> {
    const said = await this.post('session', { token });
    const [cookie] = said.headers.getSetCookie();
    if (said.status === 200) this.cookie = cookie?.split(';')[0];
    return said;
  }

  /** What the page shows, as it's told first. */
  async shown(language: 'zh' | 'en' = 'en'): Promise<Record<string, unknown>> {
    const response = await fetch(new URL(`events?language=${language}`, this.url), {
      headers: this.cookie === undefined ? {} : { cookie: this.cookie },
    });
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      const data = /^data: (.*)$/m.exec(text)?.[1];
      if (text.includes('\n\n') && data !== undefined) return JSON.parse(data);
    }
    return { status: response.status, text };
  }

  record(merchant: string, id: string, kind: 'payment' | 'refund' = 'payment'): Promise<Said> {
    return this.get(`record?${new URLSearchParams({ merchant, kind, id, language: 'en' })}`);
  }

  /** Sees the record as it is now, and confirms. */
  async act(act: string, merchant: string, id: string, more: Record<string, unknown> = {}): Promise<Said> {
    const { body } = await this.record(merchant, id, more.kind === 'refund' ? 'refund' : 'payment');
    return this.confirm(act, body, more);
  }

  /** Confirms what was seen. */
  confirm(act: string, seen: Record<string, unknown>, more: Record<string, unknown> = {}): Promise<Said> {
    const { merchant, kind, id, revision, form } = seen;
    return this.post('act?language=en', { act, merchant, kind, id, revision, form, ...more });
  }
}
