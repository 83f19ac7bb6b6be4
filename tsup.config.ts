import { readFile } from 'node:fs/promises';
import { defineConfig, type Options } from 'tsup';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

const declaredField =
  /Object\.defineProperty\(this, "(\w+)", \{\s+enumerable: true,\s+configurable: true,\s+writable: true,\s+value: void 0\s+\}\);/g;

/**
 * got was compiled so that each field of a class is a call of defineProperty: thirty for a request, a tenth of what the request
 * costs. An assignment does the same, since nothing that got extends has a setter of these names.
 */
const assignedFields: Plugin = {
  name: 'assigned-fields',
  setup(build) {
    build.onLoad({ filter: /[\\/]got[\\/]dist[\\/]source[\\/]core[\\/](index|options)\.js$/ }, async ({ path }) => {
      const code = await readFile(path, 'utf8');
      const contents = code.replace(declaredField, 'this.$1 = undefined;');
      if (contents === code) throw new Error(`${path} declares its fields in another way now`);
      return { contents };
    });
  },
};

const shared: Options = {
  target: 'node16.17',
  sourcemap: true,
  metafile: true, // for scripts/build/licenses.mjs
  silent: true, // but for errors
};

const publicEntries = {
  index: 'lib/index.ts',
  simulator: 'lib/simulator/index.ts',
  'journal-contract': 'lib/journal/contract.ts',
};

export default defineConfig([
  // Everything is loaded at the start, because what is loaded at the first call may be gone by then. got's sixty files take
  // 70 ms longer than got inside, which needs a require for the built-in modules.
  {
    ...shared,
    entry: { ...publicEntries, cli: 'lib/cli/main.ts' },
    format: 'esm',
    splitting: true,
    noExternal: ['got'],
    esbuildPlugins: [assignedFields],
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module';\nconst require = requireFrom(import.meta.url);",
    },
  },
  // got is an ES module only, so the CommonJS output carries it inside.
  {
    ...shared,
    entry: publicEntries,
    format: 'cjs',
    splitting: true, // one class of each error, whichever entry it comes from
    noExternal: ['got'],
    esbuildPlugins: [assignedFields],
    // Right also below a folder with a % in its name, and in an Electron preload, which tsup's own stand-in takes for a page.
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "'use strict';\nconst importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  },
  // The simulator's web page: files that its server reads.
  {
    silent: true,
    entry: ['lib/simulator/console/page/page.{html,css,ts}'],
    outDir: 'dist/console',
    format: 'esm',
    platform: 'browser',
    // The last Chromium for Windows 7.
    target: 'chrome109',
    loader: { '.html': 'copy' },
  },
  { silent: true, entry: publicEntries, format: ['esm', 'cjs'], dts: { only: true } },
]);
