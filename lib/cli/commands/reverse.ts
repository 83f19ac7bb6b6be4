import { onAbort } from '../../abort.js';
import type { Journal, JournalRecord } from '../../journal/journal.js';
import { MemoryJournal } from '../../journal/memory-journal.js';
import type { OrderRef } from '../../pay/parameters.js';
import type { Rail } from '../../payment/order.js';
import { adoptedOrder } from '../../payment/record.js';
import { english, type Saying } from '../../words/cli/index.js';
import type { Command } from '../command.js';
import { type Config, makeClient } from '../config.js';
import { confirmed } from '../confirmed.js';
import { sayingOf, UsageError } from '../errors.js';
import { type Exit, exitCodes, reverseExits } from '../exit.js';
import { onInterruption } from '../interruption.js';
import { named } from '../named.js';
import {
  configOption,
  configured,
  journalOption,
  orderOf,
  outTradeNo,
  perhapsJournal,
  railOption,
  transactionIdOption,
  yesOption,
} from '../options.js';
import { tellOutcome, tellUnfinished } from '../outcome.js';
import type { Output } from '../output.js';
import { journalAt, recorded, recordedRail, withJournal, withProcessor } from '../payments.js';
import { showProgress } from '../progress.js';
import { describeOrder, queryCalls, stateOf } from './query.js';

interface ReverseRequest {
  order: OrderRef;
  rail: Rail;
  /** Absolute. */
  journal: string | undefined;
  /** Nobody is asked. */
  yes: boolean;
}

/** States in which there is nothing to reverse, and what that means to somebody who wants it reversed. */
const settled: Readonly<Record<string, { exit: Exit; says: Saying }>> = {
  REVOKED: { exit: 'done', says: ({ payments }) => payments.reverse.isReversed },
  CLOSED: { exit: 'done', says: ({ payments }) => payments.reverse.isClosed },
  REFUND: { exit: 'attention', says: ({ payments }) => payments.reverse.isRefunded },
  ORDERNOTEXIST: { exit: 'failed', says: ({ payments }) => payments.reverse.isUnknown },
};

const recovery: Saying = ({ payments }) => payments.recovery;
const interrupted: Saying = ({ payments }) => payments.interrupted;
const notConfirmed: Saying = ({ payments }) => payments.notConfirmed;

const numberOf = ({ out_trade_no, transaction_id }: OrderRef): string => out_trade_no ?? transaction_id ?? '';

/** Gives an order up. Resolves with the exit code. */
async function giveOrderUp(config: Config, request: ReverseRequest, output: Output): Promise<number> {
  const client = makeClient(config);
  const interruption = onInterruption(output, 'reverse');
  const { signal } = interruption;
  /** @param status 'kept', or what the gateway shows. */
  const tell = (exit: Exit, order: OrderRef, status: string, says: Saying): number => {
    const exitCode = exitCodes[exit].code;
    output.say((words) => {
      const { reverse: ways, kept, seen } = words.payments;
      return ways.line(numberOf(order), status === 'kept' ? kept : seen.state(status), says(words));
    });
    output.emit('result', { exitCode, ...order, status, reason: says(english) });
    return exitCode;
  };

  async function isWanted(order: OrderRef, seen: Saying): Promise<boolean> {
    const question: Saying = (words) => words.payments.reverse.question(numberOf(order), seen(words));
    return request.yes || confirmed(output, question, signal);
  }

  /** Durable in this journal, irrevocable, and confirmed by a query. @param then What goes on with it after an interruption. */
  async function giveUp(journal: Journal, out_trade_no: string, then: Saying): Promise<number> {
    return withProcessor(config, journal, async ({ processor }) => {
      const hideProgress = showProgress(output);
      onAbort(signal, () => void processor.close());
      try {
        const outcome = await processor.cancel(out_trade_no);
        // Not acknowledged: the till program whose sale it was must hear of it.
        return tellOutcome(output, outcome, reverseExits[outcome.status]);
      } catch (error) {
        if (!signal.aborted || (await journal.get('payment', out_trade_no))?.state !== 'reversing') throw error;
        return tellUnfinished(output, out_trade_no, ({ payments }) => payments.reverse.interrupted, then);
      } finally {
        hideProgress();
      }
    });
  }

  /** A sale of the journal. */
  async function cancel(journal: Journal, record: JournalRecord): Promise<number> {
    const { id: out_trade_no } = record;
    const { rail } = recorded(record);
    const seen = await client[queryCalls[rail]]({ out_trade_no }, { signal }).then(describeOrder, sayingOf);
    const inBoth: Saying = (words) =>
      words.payments.reverse.inBoth(named(words.payments.states, record.state), seen(words));
    const isGivenUp = await isWanted({ out_trade_no }, inBoth);
    // Nothing was decided yet, even if nobody had to be asked.
    if (signal.aborted) return tell('failed', { out_trade_no }, 'kept', interrupted);
    if (!isGivenUp) return tell('failed', { out_trade_no }, 'kept', notConfirmed);
    return giveUp(journal, out_trade_no, recovery);
  }

  /** An order that the journal doesn't know. The query has shown that it exists, so that no reversal overtakes its payment. */
  async function recall(order: OrderRef): Promise<number> {
    const { rail } = request;
    const found = await client[queryCalls[rail]](order, { signal });
    const before = settled[stateOf(found)];
    if (before) return tell(before.exit, order, stateOf(found), before.says);
    const { out_trade_no = order.out_trade_no } = found;
    if (typeof out_trade_no !== 'string') throw new UsageError(({ usage }) => usage.orderUnknown);
    if (config.certificate() === undefined) throw new UsageError(({ usage }) => usage.certificateMissing);
    const isGivenUp = await isWanted(order, describeOrder(found));
    if (signal.aborted) return tell('failed', order, 'kept', interrupted);
    if (!isGivenUp) return tell('failed', order, 'kept', notConfirmed);
    const journal = new MemoryJournal();
    await journal.create(adoptedOrder(out_trade_no, recordedRail(client, rail), client.identity, Date.now()));
    return giveUp(journal, out_trade_no, ({ payments }) => payments.reverse.repeat);
  }

  const known = <T>(out_trade_no: string | undefined, otherwise: () => Promise<T>): Promise<T | number> => {
    const { journal: folder } = request;
    if (out_trade_no === undefined || folder === undefined || journalAt(folder) === 'nothing') return otherwise();
    return withJournal(folder, async (journal) => {
      const record = await journal.get('payment', out_trade_no);
      return record ? cancel(journal, record) : otherwise();
    });
  };

  try {
    const { order, rail } = request;
    // The journal goes by out_trade_no; the gateway knows it.
    const named = order.out_trade_no ?? (await client[queryCalls[rail]](order, { signal })).out_trade_no;
    return await known(typeof named === 'string' ? named : undefined, () => recall(order));
  } finally {
    client.close();
    interruption.ignore();
  }
}

export const reverse: Command = {
  name: 'reverse',
  says: ({ help }) => help.says.reverse,
  takes: [outTradeNo, transactionIdOption, yesOption, railOption, configOption, journalOption],
  more: ({ help }) => help.more.reverse,
  run: async (given, output) => {
    const order = orderOf(given);
    const config = configured(given, output);
    const request = {
      order,
      rail: given(railOption),
      journal: perhapsJournal(given, config),
      yes: given(yesOption),
    };
    return giveOrderUp(config, request, output);
  },
};
