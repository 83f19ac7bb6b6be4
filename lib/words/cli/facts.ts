/** What an error tells besides its code: the fields of the errors of lib, and of those of the system. */
export interface ErrorFacts {
  /** Ours, or the system's; '' if it has none. */
  readonly code: string;
  /** English. */
  readonly message: string;
  readonly parameter?: string;
  readonly rule?: string;
  readonly path?: string;
  readonly cmd?: string;
  readonly field?: string;
  readonly why?: string;
  readonly trouble?: string;
  readonly return_code?: string;
  readonly return_msg?: string;
  readonly returnValue?: string;
  readonly systemCode?: string;
  readonly out_trade_no?: string;
  readonly out_refund_no?: string;
  readonly port?: string;
  /** Whether the gateway may have got it. */
  readonly sent?: boolean;
  /** Of the error that caused it. */
  readonly cause?: string;
}
