import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { anchorsOf, readPage, root } from './pages.js';

interface Rooms {
  readonly shared: readonly string[];
  readonly rooms: Readonly<Record<string, readonly string[]>>;
}

const { shared, rooms }: Rooms = JSON.parse(readFileSync(join(root, 'scripts', 'check', 'rooms.json'), 'utf8'));

/** What stands in backticks. */
const quotedIn = (text: string): string[] => [...text.matchAll(/`([^`\n]+)`/g)].map(([, quoted = '']) => quoted);

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesIn(path);
    return [path];
  });
}

/** Runs the lint step; the folder instead of lib. */
function lintRooms(...folder: string[]): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [join(root, 'scripts', 'check', 'lint-rooms.mjs'), ...folder], {
    encoding: 'utf8',
  });
}

describe('the map of the house', () => {
  for (const path of ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md'])
    it(`names only folders and files that there are (${path})`, () => {
      const isPath = /^(?:(?:addon|bench|docs|examples|lib|scripts|server|test|\.ci|\.github)\/[\w./-]*|[\w.-]+\.md)$/;
      const named = quotedIn(readPage(path).text).filter((quoted) => isPath.test(quoted));
      expect(named).to.have.length.above(5);
      expect(named.filter((each) => !existsSync(join(root, each)))).to.deep.equal([]);
    });

  it('has the rooms and arrows of the lint rule, and no other', () => {
    const { text } = readPage('ARCHITECTURE.md');
    const rows = [...text.matchAll(/^\| ((?:`lib\/[\w./]+`(?:, )?)+) \| .* \| ([^|]+) \|$/gm)];
    const drawn = rows.map(({ 1: names = '', 2: arrows = '' }) => ({
      names: quotedIn(names).map((name) => name.replace(/^lib\/(.*?)\/?$/, '$1')),
      arrows: quotedIn(arrows).map((name) => name.replace(/^lib\//, '')),
    }));
    const expected = Object.entries(rooms).map(([room, arrows]) => ({ names: [room], arrows: [...arrows] }));
    expect(drawn).to.deep.equal([...expected, { names: [...shared], arrows: [] }]);
  });

  it('has a room for each file of lib', () => {
    const known = new Set([...shared, ...Object.keys(rooms)]);
    const homeless = filesIn('lib').filter((path) => !known.has(path.split('/')[1] ?? ''));
    expect(homeless).to.deep.equal([]);
    for (const name of known) expect(existsSync(join(root, 'lib', name)), name).to.equal(true);
  });

  it('has no file of more than 300 lines in lib, but for tables', () => {
    const tables = ['lib/face/commands.ts', 'lib/pay/error-codes.ts', 'lib/simulator/console/page/texts.ts'];
    const lines = (path: string): number => readFileSync(join(root, path), 'utf8').trimEnd().split('\n').length;
    const long = filesIn('lib').filter((path) => path.endsWith('.ts') && lines(path) > 300);
    expect(long.sort()).to.deep.equal(tables);
  });

  it('has arrows in one way only: a room imports what stands above it', () => {
    const order = [...Object.keys(rooms)];
    for (const [room, arrows] of Object.entries(rooms))
      for (const arrow of arrows) {
        expect(order, `${room} → ${arrow}`).to.include(arrow);
        expect(order.indexOf(arrow), `${room} → ${arrow}`).to.be.below(order.indexOf(room));
      }
  });

  describe('is kept by lint, which', () => {
    const forbidden = {
      'face/an-import.ts': "import { pay } from '../pay/client.js';",
      'face/deep/type.ts': "import type { Pay } from '../../pay/client.js';",
      'face/passed-on.ts': "export { pay } from '../pay/client.js';",
      'face/loaded-later.ts': "export const later = () => import('../pay/client.js');",
      'errors.ts': "import './pay/errors.js';",
    };
    const allowed = {
      'payment/run.ts': "import '../errors.js'; import '../pay/client.js'; import './record.js'; import 'got';",
      'abort.ts': "import './errors.js';",
    };
    let told: ReturnType<typeof lintRooms> = { status: null, stderr: '' };

    before(() => {
      const lib = mkdtempSync(join(tmpdir(), 'wxpay-face-rooms-'));
      for (const [path, text] of Object.entries({ ...forbidden, ...allowed, 'cellar/secret.ts': '' })) {
        mkdirSync(join(lib, dirname(path)), { recursive: true });
        writeFileSync(join(lib, path), text);
      }
      told = lintRooms(lib);
      rmSync(lib, { recursive: true });
    });

    it('finds nothing wrong with lib', () => {
      expect(lintRooms()).to.include({ status: 0, stderr: '' });
    });

    for (const path of Object.keys(forbidden))
      it(`refuses what no arrow allows: ${path}`, () => {
        expect(told.status).to.equal(1);
        expect(told.stderr).to.include(`lib/${path} imports `);
      });

    it('lets a room import what is shared, what the table allows, and packages', () => {
      for (const path of Object.keys(allowed)) expect(told.stderr).to.not.include(`lib/${path}`);
    });

    it('refuses a file without a room, and an arrow that no file needs', () => {
      expect(told.stderr).to.include('lib/cellar/secret.ts belongs to no room');
      expect(told.stderr).to.include('no file needs the arrow terminal → face');
    });
  });
});

describe('the facts', () => {
  const sources = ['addon', 'bench', 'lib', 'scripts', 'server/lib', 'server/test', 'test']
    .flatMap(filesIn)
    .filter((path) => /\.(?:ts|mjs|cc|h|c)$/.test(path) && path !== 'test/docs/architecture.test.ts');

  it('are found by what comments cite', () => {
    const anchors = anchorsOf('docs/facts.md');
    const cited = sources.flatMap((path) =>
      [...readFileSync(join(root, path), 'utf8').matchAll(/field facts|docs\/facts(?:\.md(?:#[\w-]+)?)?/gi)].map(
        ([citation]) => ({ path, citation }),
      ),
    );
    expect(cited).to.have.length.above(20);
    const known = new Set(['docs/facts.md', ...anchors.map((anchor) => `docs/facts.md#${anchor}`)]);
    expect(cited.filter(({ citation }) => !known.has(citation))).to.deep.equal([]);
  });
});
