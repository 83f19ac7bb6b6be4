import { expect } from 'chai';
import type { TransportFailure } from '../../../lib/pay/errors.js';
import { certificateAlerts, mayAskAnother, mayHaveLeft, type Trace } from '../../../lib/pay/http/sent.js';

const alerts = Object.keys(certificateAlerts);
const others = ['', 'ECONNRESET', 'EPIPE', 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'HPE_INVALID_CONSTANT'];

describe('whether a request may have left', () => {
  const booleans = [false, true];
  const traces: Trace[] = [];
  for (const released of booleans)
    for (const first of booleans)
      for (const protocol of ['TLSv1.3', 'TLSv1.2', null])
        for (const answered of booleans)
          for (const code of [...alerts, ...others]) traces.push({ released, first, protocol, answered, code });

  // Each row: what it asks for, and what it says; the first that fits decides.
  const table: ReadonlyArray<readonly [string, (trace: Trace) => boolean, boolean]> = [
    ['no, if it was never let go', ({ released }) => !released, false],
    ['yes, if it was answered', ({ answered }) => answered, true],
    ['yes, over a connection that had been used before: its handshake has long ended', ({ first }) => !first, true],
    ['yes, by TLS 1.2, where a server can ask for a certificate later', ({ protocol }) => protocol !== 'TLSv1.3', true],
    [
      "no, if TLS 1.3 refused the client's certificate: it reads nothing before",
      ({ code }) => alerts.includes(code),
      false,
    ],
    ['yes, whatever else ended it', () => true, true],
  ];
  const rowOf = (trace: Trace) => table.find(([, fits]) => fits(trace));
  for (const row of table)
    it(row[0], () => {
      const mine = traces.filter((trace) => rowOf(trace) === row);
      expect(mine).to.not.be.empty;
      for (const trace of mine) expect(mayHaveLeft(trace), JSON.stringify(trace)).to.equal(row[2]);
    });
});

describe('whether another host may be asked', () => {
  // Written out, so that a new failure must be decided.
  const another: Record<TransportFailure, boolean> = {
    dns: true,
    unreachable: true,
    'connect-timeout': true,
    tls: true,
    certificate: true,
    proxy: true,
    broken: true,
    'response-timeout': true,
    aborted: false,
    withdrawn: false,
    limit: false,
    internal: false,
  };
  for (const [why, expected] of Object.entries(another) as Array<[TransportFailure, boolean]>)
    it(`${expected ? 'yes' : 'no'}, if nothing was sent: ${why}; never if something may have been`, () => {
      expect(mayAskAnother(false, why)).to.equal(expected);
      expect(mayAskAnother(true, why)).to.equal(false);
    });

  it('no, if nobody said why', () => {
    expect(mayAskAnother(false, undefined)).to.equal(false);
  });
});
