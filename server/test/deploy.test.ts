import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { validate } from 'dockerfile-utils';

/** Compiled to build/test. */
const deploy = (name: string): string => fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url));
const read = (name: string): string => readFileSync(deploy(name), 'utf8');

describe('What the server is deployed with', () => {
  it('is a Dockerfile without a fault, whose process is the server, and no root', () => {
    expect(validate(read('Dockerfile'))).to.deep.equal([]);
    const lines = read('Dockerfile').split('\n');
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM')));
    expect(last).to.include('USER node');
    // As a list, not through a shell, which would keep SIGTERM to itself.
    for (const word of ['ENTRYPOINT', 'CMD'])
      expect(last.find((line) => line.startsWith(`${word} `))).to.match(/ \[".*"\]$/);
    expect(lines.filter((line) => /^(?:ENV|ARG) .*(?:KEY|TOKEN|PASSWORD|SECRET)/i.test(line))).to.deep.equal([]);
    for (const [, path = ''] of lines.join('\n').matchAll(/wxpay-face-server\/((?:build|deploy)\/[\w/.-]+)/g))
      expect(existsSync(deploy(`../${path}`)), path).to.equal(true);
  });

  it('is a unit of systemd that verifies, reloads, and has time to drain', function () {
    const unit = read('wxpay-face-server.service');
    expect(unit)
      .to.match(/^ExecReload=.* -HUP /m)
      .and.match(/^DynamicUser=yes$/m)
      .and.match(/^NoNewPrivileges=yes$/m);
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).to.be.above(10);
    expect(unit).not.to.match(/^MemoryDenyWriteExecute/m);
    const { error, stdout, stderr } = spawnSync(
      'systemd-analyze',
      ['verify', '--man=no', deploy('wxpay-face-server.service')],
      { encoding: 'utf8' },
    );
    if (error !== undefined) return this.skip();
    // The programs aren't where they will be installed.
    const said = `${stdout}${stderr}`
      .split('\n')
      .filter((line) => line.includes('wxpay-face-server.service') && !/not executable|No such file/.test(line));
    expect(said).to.deep.equal([]);
  });

  it('asks the server how it is', async () => {
    let status = 200;
    const server = createServer((_request, response) => response.writeHead(status).end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const env = { ...process.env, HEALTH_URL: `http://127.0.0.1:${Object(server.address()).port}` };
    const asked = async () => (await once(spawn(process.execPath, [deploy('health.mjs')], { env }), 'exit'))[0];
    expect(await asked()).to.equal(0);
    status = 503;
    expect(await asked()).to.equal(1);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await asked()).to.equal(1);
  });
});
