import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { merchantCertificate } from '../support/certificates.js';
import { platform as otherPlatform, publicKey as otherPublicKey } from '../support/gateway-v3.js';
import { openShop, type Shop } from './shop.js';

describe('The command line with a merchant of API v3', () => {
  let shop: Shop;
  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(shop.folder, name), content);
    return name;
  };
  /** @param change Lies over what is right. */
  const configure = (change: Record<string, unknown> = {}): void => {
    const { privateKey, serial_no, verify, store } = shop.simulator.clientV3;
    const [byKey, byCertificate] = verify;
    if (!byKey || !('id' in byKey) || !byCertificate || !('certificate' in byCertificate)) throw new Error('no keys');
    shop.change({
      v3: {
        privateKey: file('v3-key.pem', privateKey),
        serial_no,
        publicKey: file('public-key.pem', byKey.publicKey),
        publicKeyId: byKey.id,
        platformCertificate: file('platform.pem', byCertificate.certificate),
        store,
        ...change,
      },
    });
  };
  beforeEach(async () => {
    shop = await openShop();
    configure();
  });
  afterEach(() => shop.close());

  const calls = () => shop.simulator.calls.filter(({ to }) => to === 'pay').map(({ name }) => name);
  const pay = (out_trade_no: string) =>
    shop.run(['pay', '1250', '--auth-code-stdin', '--out-trade-no', out_trade_no, '--json'], {
      input: '134567890123456789\n',
    });

  it('pays, queries and reverses a scanned code by v3, also without a key of v2', async () => {
    shop.change({ key: undefined, certificate: undefined });
    expect((await pay('V3-0001')).result).to.include({ status: 'paid' });
    expect((await shop.run(['query', 'V3-0001', '--json'])).result).to.include({ trade_state: 'SUCCESS' });
    const { result } = await shop.run(['reverse', 'V3-0001', '--yes', '--json']);
    expect(result).to.include({ status: 'reversed' });
    expect(calls()).to.include('codepay').and.not.include('micropay');
  });

  it('takes a face by v2, and a scanned code by v3', async () => {
    expect((await pay('V3-0002')).result).to.include({ status: 'paid' });
    expect((await shop.run(['pay', '1250', '--out-trade-no', 'V3-0003', '--json'])).result).to.include({
      status: 'paid',
    });
    expect(calls().filter((name) => /pay$/.test(name))).to.deep.equal(['codepay', 'micropay']);
  });

  it('takes a face by v3 if v3.faceCodes says so', async () => {
    configure({ faceCodes: 'v3' });
    expect((await shop.run(['pay', '1250', '--out-trade-no', 'V3-0004', '--json'])).result).to.include({
      status: 'paid',
    });
    expect(calls()).to.include('codepay').and.not.include('micropay');
  });

  describe('has a doctor that', () => {
    const found = async () => {
      const { result } = await shop.run(['doctor', '--json']);
      const checks: unknown[] = Array.isArray(result.checks) ? result.checks : [];
      return checks.find((check) => Object(check).name === 'API v3');
    };

    it('finds both keys well', async () => {
      expect(await found()).to.include({ status: 'ok' });
    });

    it('says nothing of it if nothing of it is configured', async () => {
      shop.change({ v3: undefined });
      expect(await found()).to.equal(undefined);
    });

    const faults: Record<string, [change: () => Record<string, unknown>, todo: string]> = {
      'names another serial number than the certificate’s': [() => ({ serial_no: 'ABCDEF' }), 'v3.serial_no'],
      'names another private key than the certificate’s': [
        () => ({ privateKey: file('other.pem', merchantCertificate.key) }),
        'apiclient_key.pem',
      ],
      'names another id of the public key': [
        () => ({ publicKeyId: 'PUB_KEY_ID_2', platformCertificate: undefined }),
        'v3.publicKeyId',
      ],
      'names another public key': [() => ({ publicKey: file('other.pem', otherPublicKey) }), 'v3.publicKey'],
      'names another platform certificate': [
        () => ({
          publicKey: undefined,
          publicKeyId: undefined,
          platformCertificate: file('other.pem', otherPlatform.cert),
        }),
        'v3.platformCertificate',
      ],
      'lacks the shop': [() => ({ store: undefined }), 'correct this field'],
    };
    for (const [what, [change, todo]] of Object.entries(faults))
      it(`finds a configuration that ${what}`, async () => {
        configure(change());
        expect(await found())
          .to.include({ status: 'fail' })
          .and.have.property('todo')
          .that.includes(todo);
      });

    it('asks the gateway whether it knows the key, if there is no certificate to compare it with', async () => {
      shop.change({ certificate: undefined });
      configure({ serial_no: 'ABCDEF' });
      expect(await found())
        .to.include({ status: 'fail' })
        .and.have.property('says')
        .that.includes('SIGN_ERROR');
    });
  });
});
