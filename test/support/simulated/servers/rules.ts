/* The protocol by which servers share a database, rule by rule: the simulation leaves each out in turn, and must notice. */

export const rules = {
  fencesRevision: 'a write names the revision before it',
  fencesOwner: 'an unfinished record is written by its owner alone',
  fencesGiveUp: 'nothing that was decided without a cancel() is stored over it',
  judgesByWriteId: 'a write in doubt is stored if the row has its id: its revision proves nothing',
  stopsIfLost: 'who has lost a record stores and tells nothing more of it',
  claimRaisesRevision: 'a claim raises the revision',
  claimKeepsGiveUp: 'a claim hands a cancel() on',
  claimsFromTheDead: 'rows are claimed from those whose lease is over',
  claimsIfTrusted: 'who had a gap in its own lease claims nothing',
  leasesByDatabase: "a lease counts by the database's clock",
  leaseFromSending: 'a lease counts from before its renewal was sent',
  prolongsOnly: 'a renewal that comes late takes nothing back of a later one',
  leaseEnds: 'who could not renew its lease begins no payment',
  looksAtLease: 'the last look before the first byte is at the lease',
  looksAtGaps: 'and whether it had a gap since the record was seen to be its own',
  looksAtAge: 'and at the age of the record',
  sweeps: 'what a server has and does not run it takes up',
  claims: 'what a dead server had is claimed',
  buriesUnknown: 'a number that was given up before it came is refused',
  comparesAttempts: 'another attempt to pay is not the same one',
  believesHigher: 'of two outcomes the one of the higher revision is believed',
  acknowledgesRevision: 'an acknowledgement is of one revision',
  reservesRefunds: "a refund is reserved in its sale's record before it has its own",
  cancelsDurably: 'a cancel() is written down before it is answered',
} as const;

export type Rule = keyof typeof rules;
