import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { type GetWxpayfaceCodeParams, ServiceCommandError } from 'wxpay-face';
import { rejection } from '../support/rejection.js';
import { newOrder, openTill, type Till, terminal } from '../support/till.js';

describe('The simulated face service', () => {
  let till: Till;
  let params: GetWxpayfaceCodeParams;
  const open = async (...given: Parameters<typeof openTill>): Promise<void> => {
    till = await openTill(...given);
    await till.face.initWxpayface();
    const { rawdata } = await till.face.getWxpayfaceRawdata();
    const { authinfo } = await till.client.getWxpayfaceAuthinfo({ ...terminal, rawdata });
    const { store_id } = terminal;
    params = { ...till.client.identity, store_id, authinfo, face_authtype: 'FACEPAY', face_code_type: '1' };
  };
  afterEach(() => till.close());
  const customer = async (action: Parameters<Till['simulator']['act']>[0]): Promise<void> => {
    // A call in another thread has to arrive first.
    while (!till.simulator.act(action)) await new Promise(setImmediate);
  };

  it('waits for a customer who is told what to do', async () => {
    await open({ face: 'waiting', confirm: 'never' });
    const actions = { 'show-face': 'SUCCESS', cancel: 'USER_CANCEL', scan: 'SCAN_PAYMENT' } as const;
    for (const [action, return_code] of Object.entries(actions)) {
      const code = till.face.getWxpayfaceCode(params);
      await customer(action === 'show-face' || action === 'cancel' ? action : 'scan');
      expect(await code).to.include({ return_code });
      if (return_code !== 'SUCCESS') continue;
      expect(till.simulator.act('cancel')).to.equal(false);
      const { appid, mch_id, store_id, authinfo } = params;
      const told = till.face.updateWxpayfacePayResult({ appid, mch_id, store_id, authinfo, payresult: 'SUCCESS' });
      await customer('confirm');
      expect(await told).to.include({ return_code: 'SUCCESS' });
    }
    expect(till.simulator.act('confirm')).to.equal(false);
  });

  it('goes on looking for a customer who walked away, until the till stops it', async () => {
    await open({ face: 'waiting' });
    const { appid, mch_id, authinfo } = params;
    const code = rejection(till.face.getWxpayfaceCode(params));
    await customer('walk-away');
    expect(till.simulator.act('show-face')).to.equal(false);
    expect(till.simulator.act('walk-away')).to.equal(false);
    await till.face.stopWxpayface({ appid, mch_id, authinfo });
    expect(await code)
      .to.be.instanceOf(ServiceCommandError)
      .and.include({ return_code: 'ERROR' });
  });

  it('stops nothing once it gave a code', async () => {
    await open();
    const { appid, mch_id, authinfo } = params;
    await till.face.getWxpayfaceCode(params);
    expect(await rejection(till.face.stopWxpayface({ appid, mch_id, authinfo }))).to.include({ return_code: 'ERROR' });
  });

  it('binds a code of letters and digits to its order and amount', async () => {
    await open();
    const order = newOrder();
    const { out_trade_no } = order;
    const bound = { ...params, face_code_type: '0', out_trade_no, total_fee: String(order.total_fee) } as const;
    const answer = await till.face.getWxpayfaceCode(bound);
    const face_code = String(Object(answer).face_code);
    expect(await till.client.facepay({ ...order, total_fee: 99, face_code })).to.include({ err_code: 'PARAM_ERROR' });
    expect(await till.client.facepay({ ...newOrder(), face_code })).to.include({ err_code: 'PARAM_ERROR' });
    expect(await till.client.facepay({ ...order, face_code })).to.include({
      result_code: 'SUCCESS',
      trade_type: 'FACEPAY',
    });
  });

  it('gives a sub-merchant’s customer a sub_openid', async () => {
    await open();
    const answer = await till.face.getWxpayfaceCode({ ...params, sub_mch_id: '1900000200', sub_appid: 'wxsub' });
    expect(answer).to.have.property('sub_openid').that.is.a('string');
  });

  it('proves who somebody is without a code that pays', async () => {
    await open();
    const answer = await till.face.getWxpayfaceCode({ ...params, face_authtype: 'FACE_AUTH' });
    expect(answer).to.include({ return_code: 'SUCCESS' }).and.not.have.property('face_code');
    expect(await till.face.getWxpayfaceCode(params)).to.include({ return_code: 'SUCCESS' });
  });

  it('tells who somebody is, and lets a till leave an authentication', async () => {
    await open();
    const { face } = till;
    const { appid, mch_id, store_id, authinfo } = params;
    expect(await face.getWxpayfaceUserInfo({ appid, mch_id, store_id, authinfo }))
      .to.have.property('openid')
      .that.matches(/^oSim/);
    expect(await rejection(face.getWxpayAuth({ appid, mch_id, authinfo }))).to.include({ return_code: 'ERROR' });
    await face.getWxpayfaceCode({ ...params, face_authtype: 'FACE_AUTH' });
    expect(await face.getWxpayAuth({ appid, mch_id, authinfo, quit_face_auth: '1' })).to.include({
      return_code: 'SUCCESS',
    });
  });

  it('refuses what the vendor refuses', async () => {
    await open();
    const { face } = till;
    expect(await face.call('getWxpayfaceUserInfo')).to.include({ return_code: 'PARAM_ERROR' });
    expect(await rejection(face.getWxpayfaceCode({ ...params, authinfo: 'forged' }))).to.include({
      return_code: 'PARAM_ERROR',
    });
    await face.releaseWxpayface();
    expect(await face.call('getWxpayfaceRawdata')).to.include({ return_code: 'ERROR' });
  });

  it('logs also what is no JSON, and what names no command', async () => {
    await open();
    for (const text of ['{"cmd":', '[]']) {
      const socket = connect(till.simulator.env.WXPAY_FACE_PIPE ?? '');
      const head = Buffer.alloc(4);
      head.writeUInt32BE(text.length);
      socket.write(Buffer.concat([head, Buffer.from(text)]));
      expect(String(await once(socket, 'data'))).to.include('PARAM_ERROR');
      socket.destroy();
    }
    expect(till.simulator.calls.slice(-2).map(({ to, name, answer }) => `${to} ${name}: ${answer}`)).to.deep.equal([
      'face (no cmd): PARAM_ERROR',
      'face (no cmd): PARAM_ERROR',
    ]);
  });
});
