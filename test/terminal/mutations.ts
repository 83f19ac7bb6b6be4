import { decide } from '../../lib/terminal/race.js';
import type { ShopMutation } from '../support/simulated/shop.js';

/* Deliberate mistakes of a till. The simulation must notice each. */

export const mutations: Readonly<Record<string, ShopMutation>> = {
  'tells each screen SUCCESS': {
    face: (face) => ({
      updateWxpayfacePayResult: (params, options) =>
        face.updateWxpayfacePayResult({ ...params, payresult: 'SUCCESS' }, options),
    }),
  },
  'tells no screen of a payment that failed': {
    face: (face) => ({
      updateWxpayfacePayResult: async (params, options) =>
        params.payresult === 'ERROR' ? { return_code: 'SUCCESS' } : face.updateWxpayfacePayResult(params, options),
    }),
  },
  'tells a screen twice': {
    face: (face) => ({
      updateWxpayfacePayResult: async (params, options) => {
        await face.updateWxpayfacePayResult(params, options);
        return face.updateWxpayfacePayResult(params, options);
      },
    }),
  },
  'never stops a recognition': {
    face: (face) => ({ getWxpayfaceCode: (params) => face.getWxpayfaceCode(params) }),
  },
  'initialises each minute': {
    face: (face) => ({
      getWxpayfaceRawdata: async () => {
        await face.initWxpayface();
        return face.getWxpayfaceRawdata();
      },
    }),
  },
  'sends a payment twice': {
    client: (client) => ({
      micropay: async (order, options) => {
        const first = await client.micropay(order, options);
        await client.micropay(order, options);
        return first;
      },
    }),
  },
  'forgets to acknowledge': { forgetsToAcknowledge: true },
  'ends a sale when the customer wants to scan, although there is a scanner': {
    decide: (race, event) => (event.on === 'wants-scan' ? { verdict: 'wants-scan' } : decide(race, event)),
  },
  'ends a sale when the camera fails, although there is a scanner': {
    decide: (race, event) => decide(event.on === 'face-failed' ? { ...race, scan: 'none' } : race, event),
  },
  'ignores a face while there is a scanner': {
    decide: (race, event) => (event.on === 'face' && race.scan === 'waiting' ? race : decide(race, event)),
  },
  'ignores the cashier’s abort': {
    decide: (race, event) => (event.on === 'given-up' && event.by === 'cashier' ? race : decide(race, event)),
  },
  'ignores the customer’s time': {
    options: ({ customerTimeout: _, ...options }) => ({ ...options, customerTimeout: 10_000_000 }),
  },
};
