import { expect } from 'chai';
import { InvalidParameterError } from 'wxpay-face';
import { type Scenario, scenarios, startSimulator } from 'wxpay-face/simulator';

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('did not reject'),
    (error: unknown) => error,
  );
}

describe('A simulator’s scenario', () => {
  const wrong: Record<string, [Scenario, parameter: string, said: string]> = {
    'an unknown name': ['sucess', 'scenario', 'userpaying-then-paid'],
    'the name of something that every object has': ['constructor', 'scenario', 'must be one of'],
    'an unknown setting': [{ latencey: 5 }, 'latencey', 'there are service, face'],
    'a word that a setting does not know': [{ face: 'shy' }, 'face', "'shown', 'cancelled', 'scan', 'waiting'"],
    'an err_code that is none': [{ payment: 'not enough' }, 'payment', 'an err_code'],
    'no err_code at all': [{ payment: '' }, 'payment', 'an err_code'],
    'a time below zero': [{ latency: -1 }, 'latency', 'milliseconds'],
    'a time beyond what a timer takes': [{ faceDelay: 2 ** 31 }, 'faceDelay', 'milliseconds'],
    'a fraction of a query': [{ passwordQueries: 0.5 }, 'passwordQueries', 'a count'],
    'a yes that is a word': [{ charged: 'yes' }, 'charged', 'true or false'],
    'a call that the gateway does not have': [{ loseResponse: ['pay'] }, 'loseResponse', 'micropay, orderquery'],
  };
  for (const [what, [scenario, parameter, said]] of Object.entries(wrong))
    it(`refuses ${what}, and says what there is`, async () => {
      const error = await failureOf(startSimulator({ scenario }));
      expect(error).to.be.instanceOf(InvalidParameterError).and.include({ parameter });
      expect(String(error)).to.include(said);
    });

  it('that is wrong leaves the one before in force', async () => {
    const simulator = await startSimulator({ scenario: 'not-enough' });
    try {
      expect(() => {
        simulator.scenario = { payment: 'paid', latency: Number.NaN };
      }).to.throw(InvalidParameterError, 'latency');
      expect(simulator.scenario).to.equal('not-enough');
    } finally {
      await simulator.close();
    }
  });

  it('is each of the named ones, alone or with changes', async () => {
    const simulator = await startSimulator();
    try {
      for (const name of Object.keys(scenarios)) {
        simulator.scenario = name;
        simulator.scenario = { scenario: name, latency: 5, loseRequest: ['reverse'], query: 'SYSTEMERROR' };
      }
    } finally {
      await simulator.close();
    }
  });

  const servers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;

  for (const what of ['port', 'pipe'] as const)
    it(`whose ${what} is taken fails the start, and leaves nothing open`, async function () {
      // Real Windows refuses the second server of a pipe.
      if (what === 'pipe' && process.env.WINEPREFIX) this.skip();

      const first = await startSimulator();
      try {
        const open = servers();
        const port = Number(new URL(first.client.endpoints?.pay ?? '').port);
        const taken = what === 'port' ? { port } : { pipe: first.env.WXPAY_FACE_PIPE ?? '' };
        expect(await failureOf(startSimulator(taken))).to.include({ code: 'EADDRINUSE' });
        // Handles are gone a moment after their servers.
        while (servers() > open) await new Promise(setImmediate);
      } finally {
        await first.close();
      }
    });
});
