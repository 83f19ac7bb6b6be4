import { defineConfig } from 'tsup';

// The page for people, beside the code that serves it. What it shares with the simulator's console is built into it.
export default defineConfig({
  silent: true, // but for errors
  entry: ['lib/people/page/page.{html,css,ts}'],
  outDir: 'build/lib/people/page',
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  loader: { '.html': 'copy' },
});
