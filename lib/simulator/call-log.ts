import { EventEmitter } from 'node:events';

type Message = Readonly<Record<string, unknown>>;
type MaskedMessage = Readonly<Record<string, string>>;

/** One call that the service or the gateway received. Credentials and personal data in it are masked. */
export interface CallEntry {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly to: 'face' | 'pay';
  readonly name: string;
  out_trade_no?: string;
  /** The code or state that the caller was told. Absent while the call goes on. */
  answer?: string;
  /** 'request': it never arrived. 'response': it was acted upon, but its answer never arrived. */
  lost?: 'request' | 'response';
  readonly request: MaskedMessage;
  /** Also if it was lost. */
  response?: MaskedMessage;
}

/** What happened, in order. `call` is the place of a call in the log's entries. */
export type SimulatorEvent = { readonly at: number } & (
  | { readonly kind: 'request' | 'response'; readonly call: number }
  | { readonly kind: 'customer'; readonly action: string }
  | { readonly kind: 'refused' }
);

/**
 * The fields that are shown. Everything else is masked: what a till sends by mistake, or a later version of the SDK, may be
 * a credential.
 */
const shown: ReadonlySet<string> = new Set(
  `return_code return_msg result_code err_code err_code_des trade_state trade_state_desc recall
  cmd version now appid mch_id sub_appid sub_mch_id store_id store_name device_id device_info sign_type
  face_authtype face_code_type screen_index disable_keyboard use_window_nofocus payresult expires_in
  ip port proxy_type camera_rotation
  out_trade_no transaction_id total_fee cash_fee fee_type body spbill_create_ip trade_type bank_type time_end
  time_start time_expire goods_tag limit_pay receipt profit_sharing is_subscribe
  out_refund_no refund_id refund_fee refund_count total_refund_count offset refund_desc refund_account refund_status
  refund_success_time refund_channel bill_date bill_type tar_type account_type error_code`.split(/\s+/),
);
const longest = 256;

/** The lists' fields have numbers at their ends. */
const isShown = (name: string): boolean => shown.has(name.replace(/_\d+$/, ''));

const masked = (message: Message): MaskedMessage =>
  Object.fromEntries(
    Object.entries(message).flatMap(([name, value]): Array<[string, string]> => {
      if (value === undefined || value === null || value === '') return [];
      return [[name, isShown(name) ? String(value).slice(0, longest) : '***']];
    }),
  );

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Every call in order, and what else happened between them. Emits 'change'. */
export class CallLog extends EventEmitter {
  readonly entries: CallEntry[] = [];
  readonly events: SimulatorEvent[] = [];

  #tell(event: SimulatorEvent): void {
    this.events.push(event);
    this.emit('change');
  }

  begin(
    to: CallEntry['to'],
    name: string,
    request: Message,
  ): { end(answer: string, response: Message, lost?: CallEntry['lost']): void } {
    const out_trade_no = textOf(request.out_trade_no);
    const at = Date.now();
    const entry: CallEntry = { at, to, name, ...(out_trade_no ? { out_trade_no } : {}), request: masked(request) };
    const call = this.entries.push(entry) - 1;
    this.#tell({ at, kind: 'request', call });
    return {
      end: (answer, response, lost) => {
        entry.answer = answer;
        entry.response = masked(response);
        // Asked by another number.
        const answered = textOf(response.out_trade_no);
        if (answered) entry.out_trade_no ??= answered;
        if (lost) entry.lost = lost;
        this.#tell({ at: Date.now(), kind: 'response', call });
      },
    };
  }

  /** The newest events, and the calls that they are about by their numbers. */
  recent(count: number): { events: readonly SimulatorEvent[]; calls: Record<number, CallEntry> } {
    const events = this.events.slice(-count);
    const calls: Record<number, CallEntry> = {};
    for (const event of events) {
      const entry = 'call' in event ? this.entries[event.call] : undefined;
      if ('call' in event && entry) calls[event.call] = entry;
    }
    return { events, calls };
  }

  /** The customer did something. */
  customer(action: string): void {
    this.#tell({ at: Date.now(), kind: 'customer', action });
  }

  /** The gateway that is down turned a connection away. */
  refused(): void {
    this.#tell({ at: Date.now(), kind: 'refused' });
  }
}
