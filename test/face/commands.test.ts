import { expect } from 'chai';
import { FaceService } from 'wxpay-face';
import { commands } from '../../lib/face/commands.js';
import { newerThan } from '../../lib/face/sdk-version.js';

describe('The command table', () => {
  // Vendor page, "支持版本" and the notes on single fields.
  for (const [version, newer] of [
    ['1.26.0.0', []],
    ['2.0', []],
    ['1.25.9.9', ['use_window_nofocus']],
    ['1.23', ['use_window_nofocus', 'openid']],
    ['1.18.0.4', ['use_window_nofocus', 'openid', 'disable_keyboard']],
    ['1.16', ['use_window_nofocus', 'openid', 'disable_keyboard', 'screen_index']],
    ['1.12.0.0', ['use_window_nofocus', 'openid', 'disable_keyboard', 'screen_index', 'face_code_type']],
  ] as const)
    it(`knows what is newer than version ${version}`, () => {
      const all = Object.fromEntries(Object.keys(commands.getWxpayfaceCode.fields).map((field) => [field, '1']));
      expect(newerThan(version, 'getWxpayfaceCode', all).map(({ what }) => what)).to.have.members(
        newer.map((field) => `getWxpayfaceCode's parameter ${field}`),
      );
    });

  it('knows commands that are newer than the library, and none that it does not list', () => {
    expect(newerThan('1.22.0.0', 'stopWxpayface', {})).to.deep.equal([{ what: 'stopWxpayface', since: '1.23' }]);
    expect(newerThan('1.0.0.0', 'getWxpayfaceUserInfo', { openid: 'x' })).to.deep.equal([]);
    const proxy = { proxy_type: 0, camera_rotation: 1 };
    expect(newerThan('1.17', 'initWxpayface', proxy).map(({ since }) => since)).to.deep.equal(['1.18', '1.18']);
  });

  it('does not count a parameter that is not given', () => {
    expect(newerThan('1.12', 'getWxpayfaceCode', { openid: undefined, screen_index: '' })).to.deep.equal([]);
  });

  it('makes a service warn of each newer parameter once, with both versions', async () => {
    // A library with a version is a Windows library; what it answers doesn't matter here.
    const answers = { call: async () => Buffer.from('{"return_code":"SUCCESS"}') };
    const face: FaceService = Reflect.construct(FaceService, [
      { path: 'C:\\WxpayFaceSDK.dll', arch: 'ia32', version: '1.17.0.0', host: 'in-process' },
      { connect: async () => answers, close: async () => {} },
    ]);
    const warnings: Array<{ name: string; message: string }> = [];
    const listen = (warning: Error) => warnings.push(warning);
    process.on('warning', listen);
    try {
      for (let sale = 0; sale < 2; sale++) await face.initWxpayface({ camera_rotation: 2 });
      await face.stopWxpayface({ appid: 'a', mch_id: 'm', authinfo: 'i' });
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('warning', listen);
    }
    const [camera, stop] = warnings;
    expect(warnings).to.have.length(2);
    expect(camera?.name).to.equal('WxpayFaceWarning');
    expect(camera?.message).to.include("initWxpayface's parameter camera_rotation needs SDK 1.18");
    expect(camera?.message).to.include('1.17.0.0');
    expect(stop?.message).to.include('stopWxpayface needs SDK 1.23');
  });
});
