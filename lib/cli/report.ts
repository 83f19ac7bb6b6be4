import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { extname } from 'node:path';
import type { Difference } from '../bill/difference.js';
import { codeOf, UsageError } from './errors.js';

const columns = ['kind', 'out_trade_no', 'out_refund_no', 'transaction_id', 'here', 'there', 'state'] as const;

const cell = (value: string | number | undefined): string => {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** How differences are written for programs, one after the other. Amounts in fen. */
interface Format {
  readonly begin: string;
  /** @param index From 0. */
  row(difference: Difference, index: number): string;
  readonly end: string;
}

const formats: Readonly<Record<'csv' | 'json', Format>> = {
  csv: {
    begin: `${columns.join(',')}\r\n`,
    row: (difference) => `${columns.map((column) => cell(difference[column])).join(',')}\r\n`,
    end: '',
  },
  json: {
    begin: '[',
    row: (difference, index) => `${index === 0 ? '' : ','}\n  ${JSON.stringify(difference)}`,
    end: '\n]\n',
  },
};

/** Where differences go besides, until it is closed; what isn't finished is removed. */
export interface Report {
  /** Nothing else may be on stdout. */
  readonly isOnStdout: boolean;
  add(difference: Difference): void;
  end(): void;
  giveUp(): void;
}

const noReport: Report = { isOnStdout: false, add: () => {}, end: () => {}, giveUp: () => {} };

/** Never over a file that is there: a configuration ends in .json, too. */
function create(target: string): number {
  try {
    return openSync(target, 'wx');
  } catch (error) {
    const code = codeOf(error);
    throw new UsageError(({ usage }) =>
      code === 'EEXIST' ? usage.outputExists(target) : usage.outputUnwritable(target, code),
    );
  }
}

/** @param target `csv` or `json` is stdout; else a file whose name ends so. @throws UsageError */
export function openReport(target: string | undefined): Report {
  if (target === undefined) return noReport;
  const isOnStdout = target === 'csv' || target === 'json';
  const name = isOnStdout ? target : extname(target).slice(1).toLowerCase();
  if (name !== 'csv' && name !== 'json') throw new UsageError(({ usage }) => usage.outputForms);
  const format = formats[name];
  const file = isOnStdout ? undefined : create(target);
  const write = (part: string): void => {
    if (file === undefined) process.stdout.write(part);
    else writeSync(file, part);
  };
  let count = 0;
  let isEnded = false;
  write(format.begin);
  return {
    isOnStdout,
    add: (difference) => write(format.row(difference, count++)),
    end: () => {
      write(format.end);
      isEnded = true;
      if (file !== undefined) closeSync(file);
    },
    giveUp: () => {
      if (file === undefined || isEnded) return;
      closeSync(file);
      rmSync(target, { force: true });
    },
  };
}
