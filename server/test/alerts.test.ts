import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type Simulator, startSimulator } from 'wxpay-face/simulator';
import { type MerchantServer, startMerchantServer } from '../lib/index.js';
import { Client } from './support/client.js';
import { sharedPostgres } from './support/postgres.js';

/** Compiled to build/test. */
const read = (path: string): Promise<string> =>
  readFile(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');

const metricsIn = (text: string): string[] => [...text.matchAll(/\bwxpay_face_\w+/g)].map(([name]) => name);

/** One alert of the file, as it's written. */
interface Rule {
  readonly name: string;
  readonly text: string;
}

describe('The alerts for Prometheus', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let server: MerchantServer;
  let rules: Rule[];

  before(async () => {
    simulator = await startSimulator();
    const postgres = await sharedPostgres();
    const database = postgres.url(await postgres.database());
    server = await startMerchantServer({ database, merchants: [{ name: 'tea', ...simulator.client }] });
    const [, ...parts] = (await read('server/deploy/alerts.yml')).split(/^ {6}- alert: /m);
    rules = parts.map((text) => ({ name: text.split('\n')[0] ?? '', text }));
  });
  after(async () => {
    await server.close();
    await simulator.close();
  });

  it('ask for nothing but what the server tells', async () => {
    const shop = { merchant: 'tea', store_id: '1', store_name: '茶馆' };
    const { token } = await server.addTerminal({ name: 'till', ...shop });
    await new Client(server.url, token).pay('ALERT1', '137500000000000001');
    const told = await (await fetch(`${server.adminUrl}/metrics`)).text();
    const types = new Map([...told.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type = '']) => [name, type]));
    for (const { name, text } of rules)
      for (const metric of metricsIn(text)) {
        const of = metric.replace(/_(?:bucket|count)$/, '');
        expect(types.get(of), `${name}: ${metric}`).to.equal(of === metric ? types.get(metric) : 'histogram');
        expect(types.has(of), `${name}: ${metric}`).to.equal(true);
      }
    // A label that no series has would never fire, and nobody would know.
    for (const { name, text } of rules)
      for (const [, metric = '', matchers = ''] of text.matchAll(/\b(wxpay_face_\w+)\{([^}]*)\}/g)) {
        const labels = [...matchers.matchAll(/(\w+)=~?"/g)].map(([, label]) => label);
        const help = { wxpay_face_payments_total: ['outcome'], wxpay_face_refunds_total: ['outcome'] };
        const series = told.split('\n').find((line) => line.startsWith(`${metric}{`)) ?? '';
        for (const label of labels)
          expect(series.includes(`${label}="`) || Object(help)[metric]?.includes(label), `${name}: ${label}`).to.equal(
            true,
          );
      }
  });

  it('are what the guide says is to be watched, each with its urgency and both languages', async () => {
    const guide = await read('docs/guide/17-operations.md');
    const watched = [...guide.matchAll(/^\| (`wxpay_face_\w+`.*?) \|/gm)].flatMap(([, cell = '']) => metricsIn(cell));
    const asked = new Set(
      rules.flatMap(({ text }) => metricsIn(text).map((name) => name.replace(/_(?:bucket|count)$/, ''))),
    );
    expect([...asked]).to.have.members(watched);
    for (const { name, text } of rules) {
      expect(name).to.match(/^WxpayFace[A-Z]\w+$/);
      expect(text, name).to.match(/^ {8}labels: \{ severity: (?:page|ticket) \}$/m);
      expect(text, name).to.match(/^ {10}summary: ".*"\n {10}summary_zh: ".*\p{Script=Han}.*"$/mu);
    }
    expect(new Set(rules.map(({ name }) => name)).size).to.equal(rules.length);
  });
});
