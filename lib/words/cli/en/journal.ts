/** The journal's commands. */
export const journal = {
  stands: { unfinished: 'unfinished', acknowledged: 'acknowledged', notAcknowledged: 'not acknowledged' },
  refundOf: (number: string, sale: string) => `${number} of ${sale}`,
  asWritten: (records: number) => `as it was written, ${records} records`,
  damaged: (reason: string, records: number) => `damaged: ${reason}; ${records} records are readable`,
  about: (folder: string, says: string) => `${folder}: ${says}`,
  concerned: (numbers: readonly string[]) =>
    `concerned: ${numbers.length > 0 ? numbers.join(', ') : 'nobody can tell'}`,
  salvage: '"wxpay-face journal salvage" writes what is readable to a new folder; then compare with the bill',
  salvaged: (folder: string, says: string, target: string) =>
    `${folder}: ${says}; they are in ${target} now. Compare the last days with the bill`,
  noPayments: 'no payments',
  noRefunds: 'no refunds',
  notThere: (number: string) => `${number} is not in the journal`,
  /** @param json All that the journal has of a payment or a refund, without the customer's personal data. */
  contents: (json: string) => json,
  recovered: (told: number, attention: number, unfinished: number) =>
    `${told} told, ${attention} for a person to look at, ${unfinished} unfinished`,
};
