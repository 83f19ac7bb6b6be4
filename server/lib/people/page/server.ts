import type { ActName, ShownAnswer, ShownDescription, ShownDetail, ShownPerson } from '../shown.js';
import { currentLanguage } from './words.js';

/* What the page asks of its server. */

/** The server's answer: undefined status if there was none. */
export interface HttpResponse<Body> {
  readonly status: number | undefined;
  readonly body: Body | undefined;
}

async function ask<Body>(method: string, path: string, body?: object): Promise<HttpResponse<Body>> {
  try {
    const address = new URL(path, document.baseURI);
    if (path !== 'session') address.searchParams.set('language', currentLanguage());
    const response = await fetch(address, {
      method,
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  } catch {
    return { status: undefined, body: undefined };
  }
}

/** What is confirmed: see the server's Confirmed. */
export interface Confirmation {
  readonly act: ActName;
  readonly merchant: string;
  readonly kind: 'payment' | 'refund';
  readonly id: string;
  readonly revision: number;
  readonly form: string;
  readonly refund_fee?: number;
  readonly refund_desc?: string;
}

/** Of an act: what came of it, or why it was not done, and how the record stands now. */
export interface ActAnswer {
  readonly code?: string;
  readonly by?: string;
  readonly told?: ShownDescription;
  readonly record?: ShownDetail;
}

export const whoIsIn = (): Promise<HttpResponse<ShownPerson>> => ask('GET', 'session');
export const signIn = (token: string): Promise<HttpResponse<ShownPerson>> => ask('POST', 'session', { token });
export const signOut = (): Promise<HttpResponse<undefined>> => ask('DELETE', 'session');
export const confirm = (confirmation: Confirmation): Promise<HttpResponse<ActAnswer>> =>
  ask('POST', 'act', confirmation);
export const decideOn = (
  deed: 'replay' | 'settle',
  { merchant, id }: { readonly merchant: string; readonly id: string },
): Promise<HttpResponse<{ code?: string }>> => ask('POST', deed, { merchant, id });
export const askGateway = (merchant: string, id: string): Promise<HttpResponse<{ gateway: ShownAnswer }>> =>
  ask('POST', 'look-up', { merchant, id });
export function lookAt(merchant: string, kind: 'payment' | 'refund', id: string): Promise<HttpResponse<ShownDetail>> {
  return ask('GET', `record?${new URLSearchParams({ merchant, kind, id })}`);
}
