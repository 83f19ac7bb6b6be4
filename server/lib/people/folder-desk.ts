import type { JournalRecord } from 'wxpay-face';
import type { Claim, Claimed, Desk, Found, NamedMerchant } from './desk.js';
import type { ShownServer } from './shown.js';

/** Of a claim, whatever becomes of its record. */
const keyOf = ({ of, kind, id, revision }: Omit<Claim, 'form' | 'person'>): string =>
  JSON.stringify([of.name, kind, id, revision]);

/** How many claims are remembered: those of revisions that have long passed are of no use. */
const remembered = 10_000;

/**
 * A desk over journals in folders, which find nothing by its time: it shows what no terminal has acknowledged, and any other record
 * by its number.
 */
export class FolderDesk implements Desk {
  readonly #id: string;
  readonly #claims = new Map<string, Claim>();

  /** @param id Of this start of the server. */
  constructor(id: string) {
    this.#id = id;
  }

  async recent(merchants: readonly NamedMerchant[], most: number): Promise<Found[]> {
    return (await this.#unacknowledged(merchants)).slice(0, most);
  }

  async needing(merchants: readonly NamedMerchant[], most: number): Promise<Found[]> {
    const all = await this.#unacknowledged(merchants);
    return all.filter(({ record }) => record.state === 'attention').slice(0, most);
  }

  async isAttended({ record }: Found): Promise<boolean> {
    return record.acknowledged;
  }

  /** The journal's own acknowledgement says it already. */
  async attend(): Promise<void> {}

  async claim(claim: Claim): Promise<Claimed> {
    const key = keyOf(claim);
    const known = this.#claims.get(key);
    if (known !== undefined) return known.form === claim.form ? 'again' : { by: known.person };
    this.#claims.set(key, claim);
    for (const [oldest] of this.#claims) {
      if (this.#claims.size <= remembered) break;
      this.#claims.delete(oldest);
    }
    return 'first';
  }

  async release(claim: Claim): Promise<void> {
    const key = keyOf(claim);
    if (this.#claims.get(key)?.form === claim.form) this.#claims.delete(key);
  }

  async servers(merchants: readonly NamedMerchant[]): Promise<ShownServer[]> {
    const all = await this.#unacknowledged(merchants);
    return [{ id: this.#id, isThis: true, underWay: all.filter(({ record }) => !record.finished).length }];
  }

  async replay(): Promise<boolean> {
    return false;
  }

  async settle(): Promise<boolean> {
    return false;
  }

  async nights(): Promise<undefined> {
    return undefined;
  }

  async #unacknowledged(merchants: readonly NamedMerchant[]): Promise<Found[]> {
    const found: Found[] = [];
    for (const named of merchants)
      for await (const record of named.merchant.journal.list({ acknowledged: false })) found.push({ ...named, record });
    return found.sort(newestFirst);
  }
}

const newestFirst = (one: { record: JournalRecord }, other: { record: JournalRecord }): number =>
  other.record.updatedAt - one.record.updatedAt;
