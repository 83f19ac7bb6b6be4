import { defineConfig, type Options } from 'tsup';

const shared: Options = {
  target: 'node16.17',
  sourcemap: true,
  shims: true,
  clean: false,
};

const publicEntries = { index: 'lib/index.ts', simulator: 'lib/simulator/index.ts' };

export default defineConfig([
  {
    ...shared,
    entry: { ...publicEntries, cli: 'lib/cli/main.ts' },
    format: 'esm',
    splitting: true,
    dts: { entry: publicEntries },
  },
  {
    ...shared,
    entry: publicEntries,
    format: 'cjs',
    dts: true,
    // got is an ES module only, so the CommonJS output carries it inside.
    noExternal: ['got'],
  },
]);
