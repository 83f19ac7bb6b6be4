import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { expect } from 'chai';
import * as imported from 'wxpay-face';
import { root } from '../support/native.js';
import { rejection } from '../support/rejection.js';

const require = createRequire(import.meta.url);
const required: typeof imported = require('wxpay-face');

describe('The published package', () => {
  for (const [how, exported] of [
    ['imported', imported],
    ['required', required],
  ] as const)
    it(`gives what is ${how} the names that it is exported under`, () => {
      for (const [name, value] of Object.entries(exported))
        if (typeof value === 'function') expect(value.name).to.equal(name);
      expect(exported.FaceService).to.be.a('function');
    });

  // What is loaded later may have been replaced by an update, or find no file descriptor: in the middle of a sale.
  it('loads at once all that a payment needs, and nothing of the simulator', async () => {
    const script = "require('wxpay-face'); console.log(Object.keys(require.cache).join())";
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { cwd: root });
    expect(stdout).to.include('index.cjs');
    for (const needed of ['agent-base', 'https-proxy-agent', 'socks']) expect(stdout).to.include(needed);
    expect(stdout).not.to.match(/node-forge|fast-xml-parser|commander/);
  });

  it('has one class of each error, also for a simulator that is required', async () => {
    const simulator: typeof import('wxpay-face/simulator') = require('wxpay-face/simulator');
    const error = await rejection(simulator.startSimulator({ port: 0, scenario: { face: JSON.parse('"nobody"') } }));
    expect(error).to.be.instanceOf(required.WxpayFaceError).and.instanceOf(required.InvalidParameterError);
  });
});
