import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { type Gateway, paid, startGateway } from '../support/gateway.js';

describe('a client whose files are replaced after its start', () => {
  // Beside node_modules, so that its dependencies are found.
  const folder = `build/replaced-${process.pid}`;
  let gateway: Gateway;
  before(async () => {
    gateway = await startGateway();
    gateway.handle = ({ fields }) => ({ ...paid(fields), trade_state: 'SUCCESS' });
  });
  after(() => gateway.close());
  beforeEach(() => {
    mkdirSync(folder, { recursive: true });
    cpSync('dist', folder, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  for (const [form, load] of [
    ['ESM', "await import('./index.js')"],
    ['CommonJS', "createRequire(process.cwd() + '/')('./index.cjs')"],
  ] as const)
    it(`pays all the same, because it has loaded all that it needs: ${form}`, async () => {
      const script = `
        import { createRequire } from 'node:module';
        import { rmSync } from 'node:fs';
        const { PayClient } = ${load};
        // Windows keeps the folder that a process is in.
        const folder = process.cwd();
        process.chdir('..');
        rmSync(folder, { recursive: true });
        const client = new PayClient(${JSON.stringify(gateway.options)});
        const paid = await client.micropay(${JSON.stringify({
          body: 'coffee',
          out_trade_no: form,
          total_fee: 100,
          auth_code: '134567890123456789',
        })});
        console.log(paid.result_code, (await client.orderquery({ out_trade_no: '${form}' })).trade_state);
        client.close();`;
      const args = ['--no-warnings', '--input-type=module', '-e', script];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
      expect(stdout).to.equal('SUCCESS SUCCESS\n');
    });
});
