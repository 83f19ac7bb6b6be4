/*
 * The protocol by which servers share a database, rule by rule: the simulation leaves each out in turn, and must notice. `of`: the
 * rule's number, as in server/test/mutations.mjs, which leaves out of the real journal and server what is not here. `by`: what is noticed,
 * where it can be one thing only. `from`: the first history's number, where few notice.
 */

interface RuleOf {
  readonly of: number;
  readonly says: string;
  readonly by?: RegExp;
  readonly from?: number;
}

const table = {
  fencesRevision: { of: 1, says: 'a write names the revision before it', by: /a write was undone/ },
  fencesOwner: {
    of: 1,
    says: 'an unfinished record is written by its owner alone',
    by: /written by a server that has not got it/,
    // A server claims, stands still before it writes, and another claims meanwhile: one history of thousands.
    from: 3_501,
  },
  fencesGiveUp: {
    of: 1,
    says: 'nothing that was decided without a cancel() is stored over it',
    by: /paid was written over a cancel/,
  },
  judgesByWriteId: { of: 2, says: 'a write in doubt is stored if the row has its id: its revision proves nothing' },
  stopsIfLost: { of: 2, says: 'who has lost a record stores and tells nothing more of it' },
  hearsAtWrite: {
    of: 2,
    says: 'who finds a cancel() at its next write decides anew',
    by: /unfinished for ever|told .*, which was not stored/,
  },
  leasesByDatabase: {
    of: 3,
    says: "a lease counts by the database's clock",
    by: /claimed from one whose lease is good/,
  },
  leaseFromSending: {
    of: 3,
    says: 'a lease counts from before its renewal was sent',
    by: /claimed from one whose lease is good/,
  },
  leaseHasMargin: {
    of: 3,
    says: 'a server does not count upon all of its lease, since clocks run unequally',
    by: /claimed from one whose lease is good/,
  },
  leaseByBothClocks: {
    of: 3,
    says: 'nor upon the clock that stands still while a machine sleeps',
    by: /claimed from one whose lease is good/,
  },
  prolongsOnly: {
    of: 3,
    says: 'a renewal that comes late takes nothing back of a later one',
    by: /claimed from one whose lease is good/,
  },
  leaseEnds: { of: 3, says: 'who could not renew its lease begins no payment', by: /begun without a good lease/ },
  sweeps: { of: 4, says: 'what a server has and does not run it takes up', by: /unfinished for ever/ },
  claims: { of: 5, says: 'what a dead server had is claimed', by: /unfinished for ever/ },
  claimRaisesRevision: {
    of: 5,
    says: 'a claim raises the revision',
    by: /a write was undone|sent before it was reserved|two phases|told paid|written by|journal says/,
  },
  claimsFromTheDead: {
    of: 5,
    says: 'rows are claimed from those whose lease is over',
    by: /claimed from one whose lease is good/,
  },
  claimsAtOnce: {
    of: 5,
    says: 'whose a row is counts at the moment of its claim',
    by: /claimed from one whose lease is good/,
  },
  claimsIfTrusted: {
    of: 5,
    says: 'who had a gap in its own lease claims nothing',
    by: /claimed from a living one because the database was away/,
  },
  restarts: { of: 5, says: 'a claimed run begins with a restart', by: /unfinished for ever/ },
  looksAtLease: {
    of: 6,
    says: 'the last look before the first byte is at the lease',
    by: /sent by a server that has not got it/,
  },
  looksAtGaps: {
    of: 6,
    says: 'and whether it had a gap since the record was seen to be its own',
    by: /sent by a server that has not got it/,
  },
  looksAtAge: { of: 6, says: 'and at the age of the record', by: /left too late/ },
  looksAtGiveUp: {
    of: 6,
    says: 'and whether it was given up',
    by: /told cancelled, though the gateway got it|left after it was given up|reversed before notBefore/,
  },
  settlesLate: {
    of: 6,
    says: 'settleAfter outlives the lease and what is on its way',
    by: /but charged|attention for/,
  },
  cancelsDurably: {
    of: 7,
    says: 'a cancel() is written down before it is answered',
    by: /paid, though a cancel\(\) was answered/,
  },
  buriesUnknown: {
    of: 7,
    says: 'a number that was given up before it came is refused',
    by: /of a number that has not come was refused/,
  },
  claimKeepsGiveUp: { of: 7, says: 'a claim hands a cancel() on', by: /paid, though a cancel\(\) was answered/ },
  finishedIsNobodys: {
    of: 7,
    says: 'a finished sale is given up by whoever was asked',
    by: /unfinished for ever|a cancel\(\) was never answered/,
  },
  believesHigher: {
    of: 8,
    says: 'of two outcomes the one of the higher revision is believed',
    by: /a terminal believes/,
  },
  decidesOnce: { of: 8, says: 'an outcome carries the revision at which it was decided', by: /which was not stored/ },
  acknowledgesRevision: { of: 8, says: 'an acknowledgement is of one revision', by: /acknowledged unheard/ },
  polls: { of: 9, says: 'what NOTIFY would have said is found by looking', by: /a cancel\(\) was not heard in time/ },
  sharesNumbers: {
    of: 10,
    says: 'a number is one over all sub-merchants',
    by: /two payment requests|outcome of another|has not got it/,
  },
  claimsForItsMerchants: {
    of: 10,
    says: 'a server claims what is of its merchants',
    by: /for a merchant that it has not/,
  },
  sharesLimit: {
    of: 10,
    says: "each server has its share of the merchant number's calls",
    by: /more calls than the merchant number may make/,
  },
  comparesAttempts: {
    of: 11,
    says: 'another attempt to pay is not the same one',
    by: /told an attempt the outcome of another/,
  },
  keepsItsKey: { of: 11, says: 'a terminal repeats an attempt under its key', by: /an attempt was refused as another/ },
  reservesRefunds: {
    of: 12,
    says: "a refund is reserved in its sale's record before it has its own",
    by: /sent before it was reserved|beyond what was paid/,
  },
  claimsKnownSchemas: {
    of: 13,
    says: 'records of a schema that a server does not know are for others',
    by: /its schema is not known of/,
  },
  endsIfOutdated: {
    of: 13,
    says: 'who can not read the tables any more renews no lease',
    by: /can not read the tables/,
  },
  waitsAfterRestore: {
    of: 13,
    says: 'after a restore nothing is sold until the days since were reconciled',
    by: /two payment requests for one order/,
  },
  refusesLost: {
    of: 13,
    says: 'after a restore what only the bills have is refused for good',
    by: /what only the bills have was taken/,
  },
} as const satisfies Record<string, RuleOf>;

export type Rule = keyof typeof table;

export const rules: Readonly<Record<Rule, RuleOf>> = table;
