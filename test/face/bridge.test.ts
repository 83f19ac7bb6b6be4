import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FaceService } from 'wxpay-face';
import { libraryArchs, root } from '../support/native.js';
import { rejection } from '../support/rejection.js';
import { skip } from '../support/skip.js';
import { newOrder, openTill } from '../support/till.js';

const arch = process.arch === 'x64' ? 'ia32' : 'x64';
const library = join(root, 'prebuilds', `win32-${arch}`, 'WxpayFaceSDK.dll');

describe('A library of the other architecture', () => {
  before(function () {
    if (process.platform !== 'win32') return skip(this, 'only on Windows does the package serve two');
    if (!libraryArchs.includes(arch)) return skip(this, 'this Windows runs no 32-bit program');
    if (!existsSync(library)) return skip(this, `win32-${arch} has not been built here`);
  });

  it('is opened in a host process of its own, which tells its version', async () => {
    const face = await FaceService.open({ library });
    expect(face.library).to.deep.equal({ path: library, arch, host: 'host-process', version: '1.26.0.0' });
    await face.close();
  });

  it('takes a whole payment', async () => {
    const till = await openTill('success', { library });
    try {
      const order = newOrder();
      expect(await till.facePay.pay(order)).to.include({ status: 'paid' });
      expect(till.simulator.ledger).to.have.lengthOf(1);
      expect(till.simulator.ledger[0]).to.include({ out_trade_no: order.out_trade_no, charged: order.total_fee });
    } finally {
      await till.close();
    }
  });

  it('is refused where it has to run in this process, both architectures named', async () => {
    const error = await rejection(FaceService.open({ library, host: 'in-process' }));
    expect(error).to.include({ code: 'ERR_LIBRARY_LOAD', systemCode: 193 });
    expect(error).to.have.property('message').that.includes(`is for ${arch}, this process is ${process.arch}`);
  });
});
