import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { authority, issue, mch_id } from '../support/certificates.js';
import { PipeServer } from '../support/pipe-server.js';
import type { Shop } from './shop.js';

/** Milliseconds. */
export const day = 24 * 60 * 60 * 1000;

/** Configures another certificate of the merchant's. */
export const certificate = (shop: Shop, made: { cert: string; key: string }): void => {
  writeFileSync(join(shop.folder, 'other-cert.pem'), made.cert);
  writeFileSync(join(shop.folder, 'other-key.pem'), made.key, { mode: 0o600 });
  shop.change({ certificate: { cert: 'other-cert.pem', key: 'other-key.pem' } });
};

interface Fault {
  title: string;
  make(shop: Shop): unknown;
  fails: string[];
  says: RegExp;
  todo: RegExp;
}

/** What may be wrong with a till, and what the doctor says of it in English. */
export const faults: Fault[] = [
  {
    title: 'a configuration that is not JSON',
    make: ({ config }) => writeFileSync(config, '{\n"key": "0123456789abcdef0123456789abcdef" oops }'),
    fails: ['config'],
    says: /is not JSON/,
    todo: /configuration/,
  },
  {
    title: 'a field of another name',
    make: (shop) => shop.change({ mchid: '1' }),
    fails: ['config'],
    says: /^mchid is no field/,
    todo: /configuration/,
  },
  {
    title: 'a missing mch_id',
    make: (shop) => shop.change({ mch_id: undefined }),
    fails: ['merchant'],
    says: /^mch_id is required; environment variable WXPAY_FACE_MCH_ID/,
    todo: /field/,
  },
  {
    title: 'a certificate file that is not there',
    make: (shop) => shop.change({ certificate: { cert: 'nowhere.pem', key: 'nowhere.pem' } }),
    fails: ['certificate'],
    says: /^certificate.cert can't be read: .*nowhere.pem \(ENOENT\)/,
    todo: /field/,
  },
  {
    title: 'a library that is not there',
    make: (shop) => shop.change({ library: join(shop.folder, 'nothing.so') }),
    fails: ['library'],
    says: /there is no file .*nothing.so/,
    todo: /WXPAY_FACE_SDK/,
  },
  {
    title: 'a library of another architecture, for which there is no host',
    make: (shop) => {
      const library = readFileSync(shop.simulator.library);
      // The machine: a PE header's, or an ELF header's; 64-bit ARM.
      if (process.platform === 'win32') library.writeUInt16LE(43_620, library.readUInt32LE(0x3c) + 4);
      else library.writeUInt16LE(183, 18);
      const path = join(shop.folder, 'arm64.library');
      writeFileSync(path, library);
      shop.change({ library: path });
    },
    fails: ['library'],
    says: /is for arm64, this process is \w+, and wxpay-face has no host process for \w+-arm64/,
    todo: /library/,
  },
  {
    title: 'a service that is not running',
    make: ({ simulator }) => {
      simulator.scenario = 'service-down';
    },
    fails: ['service'],
    says: /nobody listens on its pipe/,
    todo: /start the WxpayFaceService program as administrator/,
  },
  {
    title: 'a service that refuses to initialise',
    make: async (shop) => {
      const service = await PipeServer.start();
      service.answer = () => ({ return_code: 'ERROR', return_msg: 'camera not found' });
      shop.change({ pipe: service.path });
      shop.atEnd(() => service.close());
    },
    fails: ['init'],
    says: /initWxpayface: the service answered ERROR \(camera not found\)/,
    todo: /camera/,
  },
  {
    title: 'a service that gives no rawdata',
    make: async (shop) => {
      const service = await PipeServer.start();
      service.answer = ({ cmd }) => ({ return_code: cmd === 'getWxpayfaceRawdata' ? 'SYSTEMERROR' : 'SUCCESS' });
      shop.change({ pipe: service.path });
      shop.atEnd(() => service.close());
    },
    fails: ['rawdata'],
    says: /getWxpayfaceRawdata: the service answered SYSTEMERROR/,
    todo: /restart/,
  },
  {
    title: 'a gateway that is down',
    make: ({ simulator }) => {
      simulator.scenario = 'gateway-down';
    },
    fails: ['gateway', 'face gateway'],
    says: /https:\/\/127\.0\.0\.1/,
    todo: /firewall/,
  },
  {
    title: 'a gateway at another port',
    make: async (shop) => {
      const server = createServer();
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : 0;
      await new Promise((closed) => server.close(closed));
      const { face } = shop.simulator.client.endpoints ?? {};
      shop.change({ endpoints: { pay: `https://127.0.0.1:${port}`, face } });
    },
    fails: ['gateway'],
    says: /ECONNREFUSED/,
    todo: /network/,
  },
  {
    title: 'an authority that is not the gateway’s',
    make: (shop) => {
      writeFileSync(join(shop.folder, 'other-ca.pem'), authority.cert);
      shop.change({ ca: 'other-ca.pem' });
    },
    fails: ['tls', 'face gateway'],
    says: /not from a trusted authority/,
    todo: /`ca`/,
  },
  {
    title: 'no client certificate',
    make: (shop) => shop.change({ certificate: undefined }),
    fails: ['certificate'],
    says: /could not be reversed/,
    todo: /merchant site/,
  },
  {
    title: 'an expired certificate',
    make: (shop) => certificate(shop, issue(mch_id, { from: Date.now() - 40 * day, days: 30 })),
    fails: ['certificate'],
    says: /it expired on \d{4}-\d\d-\d\d/,
    todo: /renew/,
  },
  {
    title: 'a certificate that is not valid yet',
    make: (shop) => certificate(shop, issue(mch_id, { from: Date.now() + 2 * day, days: 30 })),
    fails: ['certificate'],
    says: /not valid before/,
    todo: /clock/,
  },
  {
    title: 'the certificate of another merchant',
    make: (shop) => certificate(shop, issue('1900009999')),
    fails: ['certificate'],
    says: /that of merchant 1900009999, not of 1900000109/,
    todo: /mch_id/,
  },
  {
    title: 'a certificate that the gateway doesn’t take',
    make: (shop) => certificate(shop, issue(mch_id, { issuer: authority })),
    fails: ['certificate accepted'],
    says: /the gateway refuses it/,
    todo: /newest/,
  },
  {
    title: 'a certificate that the gateway refuses in words',
    make: ({ simulator }) => {
      simulator.scenario = { certificate: 'mismatch' };
    },
    fails: ['certificate accepted'],
    says: /certificate not match/,
    todo: /newest/,
  },
  {
    title: 'a wrong key',
    make: (shop) => shop.change({ key: '0123456789abcdef0123456789abcdef' }),
    fails: ['key'],
    says: /签名错误/,
    todo: /API v2 key/,
  },
  {
    title: 'a wrong mch_id',
    make: (shop) => {
      certificate(shop, issue('1900000001'));
      shop.change({ mch_id: '1900000001' });
    },
    fails: ['certificate accepted', 'key'],
    says: /mch_id|refuses/,
    todo: /mch_id/,
  },
  ...(['loseRequest', 'loseResponse'] as const).flatMap((loss): Fault[] =>
    [
      { call: 'reverse', check: 'certificate accepted' },
      { call: 'get_wxpayface_authinfo', check: 'authinfo' },
    ].map(({ call, check }) => ({
      title: `a network that loses the ${loss === 'loseRequest' ? 'request' : 'response'} of ${call}`,
      make: ({ simulator }) => {
        simulator.scenario = { [loss]: [call] };
      },
      fails: [check],
      says: /whether the gateway got the request is unknown/,
      todo: /firewall/,
    })),
  ),
  {
    title: 'a terminal that the vendor would refuse',
    make: (shop) => shop.change({ terminal: { store_id: 'S1', store_name: 'x'.repeat(129), device_id: 'D1' } }),
    fails: ['authinfo'],
    says: /store_name/,
    todo: /terminal/,
  },
  {
    title: 'a journal that can’t be made',
    make: (shop) => {
      writeFileSync(join(shop.folder, 'file'), '');
      shop.change({ journal: join(shop.folder, 'file', 'journal') });
    },
    fails: ['journal'],
    says: /ENOTDIR|ENOENT|not a directory/,
    todo: /local disk/,
  },
  {
    title: 'a journal folder that is none',
    make: (shop) => writeFileSync(shop.journal, ''),
    fails: ['journal'],
    says: /no journal/,
    todo: /correct `journal`/,
  },
  {
    title: 'another folder in the place of the journal',
    make: (shop) => shop.change({ journal: '.' }),
    fails: ['journal'],
    says: /holds other files, and no journal/,
    todo: /correct `journal`/,
  },
];
