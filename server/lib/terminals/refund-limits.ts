/* How much a terminal may give back on a day. */

/** A refund that a terminal asks for. */
export interface Spending {
  /** The terminal's id. */
  readonly terminal: string;
  /** Fen a day. */
  readonly limit: number;
  /** Whose numbers they are: the mch_id. */
  readonly numbers: string;
  readonly out_trade_no: string;
  readonly out_refund_no: string;
  /** Fen. */
  readonly fen: number;
}

/** What terminals have given back, by the day in China. */
export interface RefundLimits {
  /**
   * Counts it before anything of it is done, so that no crash gives back more than the limit.
   * @returns 'known': the same refund was counted before; 'beyond': it's too much, and was not counted.
   */
  spend(spending: Spending): Promise<'counted' | 'known' | 'beyond'>;
  /** Nothing was given back, nor will be: takes it out of the count, unless somebody has asked for the same refund meanwhile. */
  release(spending: Spending): Promise<void>;
}
