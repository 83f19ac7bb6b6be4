import { createRequire } from 'node:module';
import { expect } from 'chai';
import * as imported from 'wxpay-face';
import { rejection } from './pipe-server.js';

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

  it('has one class of each error, also for a simulator that is required', async () => {
    const simulator: typeof import('wxpay-face/simulator') = require('wxpay-face/simulator');
    const error = await rejection(simulator.startSimulator({ port: 0, scenario: { face: JSON.parse('"nobody"') } }));
    expect(error).to.be.instanceOf(required.WxpayFaceError).and.instanceOf(required.InvalidParameterError);
  });
});
