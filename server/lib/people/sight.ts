import { randomBytes } from 'node:crypto';
import type { Merchants } from '../merchants/merchants.js';
import type { Terminal, Terminals } from '../terminals/terminal.js';
import { saleOf, shownCase, shownRecord } from './cases.js';
import type { Desk, Found, NamedMerchant } from './desk.js';
import { maySee, type Person } from './person.js';
import type { Language, Shown, ShownDetail, ShownPerson } from './shown.js';

/* What a person sees: of its own merchants alone. */

/** How much is shown at once. */
const most = { sales: 100, needs: 100 } as const;

/** A refund's number, and the name of a view: chance, so that no two are the same. */
const newForm = (): string => `P${randomBytes(12).toString('hex')}`;

export const shownPerson = ({ name, role, merchants }: Person): ShownPerson => ({ name, role, merchants });

export class Sight {
  readonly #merchants: Merchants;
  readonly #terminals: Terminals;
  readonly #desk: Desk;

  constructor({ merchants, terminals, desk }: { merchants: Merchants; terminals: Terminals; desk: Desk }) {
    this.#merchants = merchants;
    this.#terminals = terminals;
    this.#desk = desk;
  }

  merchantsOf(person: Person): NamedMerchant[] {
    return [...this.#merchants]
      .filter(([name]) => maySee(person, name))
      .map(([name, merchant]) => ({ name, merchant }));
  }

  /** Undefined for one that is none of the person's: it learns nothing of others. */
  merchantOf(person: Person, name: string): NamedMerchant | undefined {
    return this.merchantsOf(person).find((each) => each.name === name);
  }

  async all(person: Person, language: Language): Promise<Shown> {
    const merchants = this.merchantsOf(person);
    const [terminals, sales, needs, servers, nights] = await Promise.all([
      this.#terminals.list(),
      this.#desk.recent(merchants, most.sales),
      this.#desk.needing(merchants, most.needs),
      this.#desk.servers(merchants),
      this.#desk.nights(merchants),
    ]);
    const byId = byIdOf(terminals);
    return {
      person: shownPerson(person),
      merchants: merchants.map(({ name }) => name),
      sales: sales.map((found) => shownRecord(found, byId)),
      needs: await Promise.all(needs.map((found) => shownCase(found, byId, { language, isAttended: false }))),
      terminals: terminals.flatMap(({ name, merchant, sub_merchant, store_id, store_name, can }) => {
        const whose = sub_merchant === undefined ? merchant : `${merchant}/${sub_merchant}`;
        return maySee(person, whose) ? [{ name, merchant: whose, store_id, store_name, can }] : [];
      }),
      servers,
      ...(nights !== undefined && { nights }),
    };
  }

  /** A record as it stands now, with what its sale gave back already. Undefined if the journal doesn't know it. */
  async detail(
    of: NamedMerchant,
    kind: 'payment' | 'refund',
    id: string,
    language: Language,
  ): Promise<ShownDetail | undefined> {
    const { journal, processor } = of.merchant;
    const record = await journal.get(kind, id);
    if (record === undefined) return undefined;
    const byId = byIdOf(await this.#terminals.list());
    const shown = async (found: Found) =>
      shownCase(found, byId, { language, isAttended: await this.#desk.isAttended(found) });
    const refunds = [];
    for (const { out_refund_no } of await processor.refunds(saleOf(record))) {
      const refund = await journal.get('refund', out_refund_no);
      if (refund !== undefined) refunds.push(await shown({ ...of, record: refund }));
    }
    return { ...(await shown({ ...of, record })), refunds, form: newForm() };
  }
}

const byIdOf = (terminals: readonly Terminal[]): Map<unknown, Terminal> =>
  new Map(terminals.map((terminal) => [terminal.id, terminal]));
