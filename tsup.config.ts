import { defineConfig, type Options } from 'tsup';

const shared: Options = {
  target: 'node16.17',
  sourcemap: true,
  shims: true,
};

const publicEntries = { index: 'lib/index.ts', simulator: 'lib/simulator/index.ts' };

export default defineConfig([
  { ...shared, entry: { ...publicEntries, cli: 'lib/cli/main.ts' }, format: 'esm', splitting: true },
  // got is an ES module only, so the CommonJS output carries it inside.
  { ...shared, entry: publicEntries, format: 'cjs', noExternal: ['got'] },
  { entry: publicEntries, format: ['esm', 'cjs'], dts: { only: true } },
]);
