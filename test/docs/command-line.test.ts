import { expect } from 'chai';
import { commands } from '../../lib/cli/commands.js';
import { configFields } from '../../lib/cli/config-fields.js';
import { exitCodes } from '../../lib/cli/exit.js';
import { openShop } from '../cli/shop.js';
import { readPage } from './pages.js';

/** The cells of a table's rows, without the backticks. */
const rowsOf = (text: string): string[][] =>
  [...text.matchAll(/^\| (.*) \|$/gm)].map(([, row = '']) => row.split(' | ').map((cell) => cell.replaceAll('`', '')));

for (const path of ['docs/guide/12-command-line.md', 'docs/guide/zh/12-command-line.md'])
  describe(`the command line's page (${path})`, () => {
    const { text, blocks } = readPage(path);

    it('has every field of the configuration with its environment variable, and no other', () => {
      const rows = rowsOf(text.slice(text.indexOf('`WXPAY_FACE_CONFIG`')));
      const fields = Object.fromEntries(rows.slice(2).map(([field = '', env = '']) => [field, env]));
      const expected = Object.entries(configFields).map(([field, { env }]) => [field, env ?? '–']);
      expect(fields).to.deep.equal(Object.fromEntries(expected));
    });

    it('has every command, and no other', () => {
      const named = rowsOf(text.slice(0, text.indexOf('\n## '))).flatMap(([names = '']) => names.split(/, |、/));
      const expected = commands.flatMap((row) =>
        'run' in row ? [row.name] : row.commands.map(({ name }) => `${row.name} ${name}`),
      );
      expect(named.slice(2).sort()).to.deep.equal(expected.sort());
    });

    it('shows what is really printed', async () => {
      const shop = await openShop('service-down');
      try {
        const samples = blocks
          .filter(({ info }) => info === 'console')
          .flatMap(({ code }) => code.split(/^\$ npx wxpay-face /m));
        const shown = samples.filter(Boolean).map((sample) => /^(.*)\n([\s\S]*)$/.exec(sample) ?? []);
        expect(shown).to.have.length.above(2);
        for (const [, args = '', printed = ''] of shown) {
          const { stdout, stderr } = await shop.run(args.split(' '), {
            env: { LANG: path.includes('/zh/') ? 'zh' : 'en' },
          });
          for (const part of printed.split('…\n')) expect(`${stdout}${stderr}`, args).to.include(part);
        }
      } finally {
        await shop.close();
      }
    });

    it('has every exit code', () => {
      const codes = rowsOf(text).flatMap(([code = '']) => (/^\d+$/.test(code) ? [Number(code)] : []));
      expect(codes).to.deep.equal(Object.values(exitCodes).map(({ code }) => code));
    });
  });
