import { expect } from 'chai';
import { HostProcessError } from '../../lib/face/errors.js';
import { MemoryJournal } from '../../lib/journal/memory-journal.js';
import { openTill } from '../../lib/terminal/open-till.js';
import type { Till, TillHealth, TillOptions } from '../../lib/terminal/till.js';
import { faceOptionsOf } from '../../lib/terminal/till-options.js';
import { rejection } from '../support/rejection.js';
import { SimulatedClock } from '../support/simulated/clock.js';
import { SimulatedFace } from '../support/simulated/face.js';
import { Random } from '../support/simulated/random.js';
import { ShopClient } from '../support/simulated/shop-client.js';

const minute = 60_000;
const terminal = { store_id: 'S1', store_name: 'shop', device_id: 'T1' };

/** A till on simulated time, in which nothing goes wrong by itself. */
async function openAt(camera: 'dedicated' | 'shared' = 'dedicated', change: Partial<TillOptions> = {}) {
  const [clock, random] = [new SimulatedClock(), new Random(1)];
  const face = new SimulatedFace(clock, random, 0, (what) => expect.fail(what));
  const told: TillHealth[] = [];
  const options = {
    merchant: new ShopClient(clock, random, 0),
    journal: new MemoryJournal(),
    terminal,
    camera,
    onOutcome: () => undefined,
    onHealth: (health: TillHealth) => void told.push(health),
    ...change,
  };
  const till: Till = await clock.until(openTill(options, { clock, openFace: async () => face }));
  const asked = (cmd: string) => face.cmds.filter((each) => each === cmd).length;
  return { clock, face, till, told, asked };
}

describe('A till at rest', () => {
  it('asks the service each minute for what changes nothing, and initialises nothing', async () => {
    const { clock, till, asked } = await openAt();
    expect(asked('initWxpayface')).to.equal(1);
    await clock.run(() => false, 10.5 * minute);
    expect(asked('getWxpayfaceRawdata')).to.be.within(9, 10);
    expect(asked('initWxpayface')).to.equal(1);
    await clock.until(till.close());
    const before = asked('getWxpayfaceRawdata');
    await clock.run(() => false, 10 * minute);
    expect(asked('getWxpayfaceRawdata')).to.equal(before);
  });

  it('leaves a shared camera alone', async () => {
    const { clock, face, till } = await openAt('shared');
    await clock.run(() => false, 10 * minute);
    expect(face.cmds).to.deep.equal([]);
    await clock.until(till.close());
  });

  it('finds a dead service before a customer stands there; the next sale starts it anew', async () => {
    const { clock, face, till, told, asked } = await openAt();
    expect(till.health.camera).to.equal('ready');
    face.restart();
    await clock.run(() => false, 2 * minute);
    expect(told.slice(-1)).to.deep.equal([till.health]);
    expect(till.health.camera).to.equal('down');
    await clock.run(() => false, 10 * minute);
    expect(asked('initWxpayface')).to.equal(1);
    face.customerOf = () => ({ does: 'leaves', after: 1000 });
    const order = { out_trade_no: 'A1', total_fee: 1, body: 'tea' };
    expect(await clock.until(till.pay(order))).to.include({ status: 'cancelled', by: 'customer' });
    expect(asked('initWxpayface')).to.equal(2);
    expect(till.health.camera).to.equal('ready');
    await clock.until(till.close());
  });

  it('asks nothing while a customer stands before the camera', async () => {
    const { clock, till, asked } = await openAt();
    const order = { out_trade_no: 'A1', total_fee: 1, body: 'tea' };
    const sale = till.pay(order, { customerTimeout: 10 * minute });
    await clock.run(() => asked('getWxpayfaceCode') === 1);
    const before = asked('getWxpayfaceRawdata');
    await clock.run(() => false, 1.5 * minute);
    expect(asked('getWxpayfaceRawdata')).to.equal(before);
    await clock.until(till.close());
    expect(await sale).to.include({ status: 'cancelled', by: 'cashier' });
  });
});

describe('A customer who takes long', () => {
  it('is waited for as long as this very sale allows, however short the till’s own time is', async () => {
    const { clock, face, till } = await openAt('dedicated', { customerTimeout: minute });
    face.customerOf = () => ({ does: 'shows the face', after: 5 * minute });
    const order = { out_trade_no: 'A1', total_fee: 1, body: 'tea' };
    const sale = till.pay(order, { customerTimeout: 10 * minute });
    expect(await clock.until(sale)).to.include({ status: 'paid' });
    await clock.until(till.close());
  });

  it('is waited for no longer than the library was told to', async () => {
    const { clock, face, till } = await openAt('dedicated', { face: { humanTimeout: minute } });
    face.customerOf = () => ({ does: 'shows the face', after: 5 * minute });
    const order = { out_trade_no: 'A1', total_fee: 1, body: 'tea' };
    const sale = rejection(till.pay(order, { customerTimeout: 10 * minute }));
    expect(await clock.until(sale)).to.be.instanceOf(HostProcessError);
    await clock.until(till.close());
  });
});

describe('The vendor’s library in a till', () => {
  const options = { terminal, onOutcome: () => undefined };

  it('runs in a host process on Windows, unless given otherwise', () => {
    expect(faceOptionsOf(options, 'win32')).to.include({ host: 'host-process' });
    expect(faceOptionsOf(options, 'linux')).to.include({ host: 'auto' });
    const inProcess = { ...options, face: { host: 'in-process' as const } };
    expect(faceOptionsOf(inProcess, 'win32')).to.include({ host: 'in-process' });
  });

  it('has time-outs, so that a hang is noticed, unless others are given', () => {
    expect(faceOptionsOf(options)).to.include({ callTimeout: 20_000, humanTimeout: 100_000 });
    expect(faceOptionsOf({ ...options, customerTimeout: 30_000 })).to.include({ humanTimeout: 40_000 });
    const given = { ...options, face: { callTimeout: 1, humanTimeout: 2 } };
    expect(faceOptionsOf(given)).to.include({ callTimeout: 1, humanTimeout: 2 });
  });
});
