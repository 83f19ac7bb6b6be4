import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { FaceService, InvalidParameterError } from 'wxpay-face';
import { scenarios, startSimulator } from 'wxpay-face/simulator';
import { rejection } from '../support/rejection.js';
import { skip } from '../support/skip.js';

describe('A simulator’s scenario', () => {
  // As a program in JavaScript may write them.
  const wrong: Record<string, [scenario: unknown, parameter: string, said: string]> = {
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
    'a time of a clock that no calendar has': [{ clock: 1e15 }, 'clock', 'less than a hundred years'],
    'a rate below zero': [{ callsPerSecond: -1 }, 'callsPerSecond', 'a count'],
    'a call that the gateway does not have': [{ loseResponse: ['pay'] }, 'loseResponse', 'micropay, orderquery'],
  };
  for (const [what, [scenario, parameter, said]] of Object.entries(wrong))
    it(`refuses ${what}, and says what there is`, async () => {
      const error = await rejection(Reflect.apply(startSimulator, undefined, [{ scenario }]));
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
      if (what === 'pipe' && process.env.WINEPREFIX) return skip(this, 'Wine lets a second server have a pipe');

      const first = await startSimulator();
      try {
        const open = servers();
        const port = Number(new URL(first.client.endpoints?.pay ?? '').port);
        const taken = what === 'port' ? { port } : { pipe: first.env.WXPAY_FACE_PIPE ?? '' };
        expect(await rejection(startSimulator(taken))).to.include({ code: 'EADDRINUSE' });
        // Handles are gone a moment after their servers.
        while (servers() > open) await new Promise(setImmediate);
      } finally {
        await first.close();
      }
    });

  describe('and its pipe', () => {
    let folder: string;
    let pipe: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'wxpay-face-pipe-'));
      pipe = process.platform === 'win32' ? `\\\\.\\pipe\\wxpay-face-${process.pid}` : join(folder, 'service.sock');
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    it('stay closed, whatever is set afterwards', async () => {
      const simulator = await startSimulator({ pipe });
      await simulator.close();
      simulator.scenario = 'success';
      // The pipe is free.
      await (await startSimulator({ pipe })).close();
    });

    it('come up once it is free, where another had it', async function () {
      if (process.env.WINEPREFIX) return skip(this, 'Wine lets a second server have a pipe');

      const first = await startSimulator({ pipe });
      const second = await startSimulator({ pipe, scenario: 'service-down' });
      try {
        const warned = once(process, 'warning');
        second.scenario = 'success';
        expect((await warned)[0]).to.include({ code: 'EADDRINUSE' });
        await first.close();
        second.scenario = 'success';
        const face = await FaceService.open({ library: second.library });
        expect(await face.initWxpayface()).to.include({ return_code: 'SUCCESS' });
        await face.close();
      } finally {
        await second.close();
      }
    });

    it('fit the system: what it would refuse is refused with the rule', async () => {
      const windows = [`\\\\.\\pipe\\${'x'.repeat(300)}`, 'wxpayface'];
      for (const refused of process.platform === 'win32' ? windows : [join(folder, 'x'.repeat(110))]) {
        const error = await rejection(startSimulator({ pipe: refused }));
        expect(error).to.be.instanceOf(InvalidParameterError).and.include({ parameter: 'pipe' });
      }
    });

    it('fit the system: a long TMPDIR is no obstacle', async function () {
      if (process.platform === 'win32') return skip(this, 'a pipe of Windows is no file');
      const long = join(folder, 'x'.repeat(90));
      mkdirSync(long);
      const before = process.env.TMPDIR;
      process.env.TMPDIR = long;
      try {
        const simulator = await startSimulator();
        const face = await FaceService.open({ library: simulator.library });
        expect(await face.initWxpayface()).to.include({ return_code: 'SUCCESS' });
        await face.close();
        await simulator.close();
      } finally {
        if (before === undefined) delete process.env.TMPDIR;
        else process.env.TMPDIR = before;
      }
    });
  });
});
