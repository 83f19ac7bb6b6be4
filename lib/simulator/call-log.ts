import { EventEmitter } from 'node:events';

/** One call that the service or the gateway received. Holds no credential: only its name, its order and how it was answered. */
export interface CallEntry {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly to: 'face' | 'pay';
  readonly name: string;
  out_trade_no?: string;
  /** Absent while the call goes on. */
  answer?: string;
}

/** Every call in order. Emits 'change' whenever one begins or ends. */
export class CallLog extends EventEmitter {
  readonly entries: CallEntry[] = [];

  begin(to: CallEntry['to'], name: string, out_trade_no?: string): { end(answer: string): void } {
    const entry: CallEntry = { at: Date.now(), to, name, ...(out_trade_no ? { out_trade_no } : {}) };
    this.entries.push(entry);
    this.emit('change');
    return {
      end: (answer) => {
        entry.answer = answer;
        this.emit('change');
      },
    };
  }
}
