// Coverage-guided fuzzing of what reads the gateway's bodies, by jsfuzz (jazzer.js needs a compiler of its own to install).
//   npm run fuzz:pay -- [--seconds 60]
// New inputs are kept in build/fuzz-pay/corpus; one that breaks is written to build/fuzz-pay/crash-….
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { exit } from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'tsup';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const here = fileURLToPath(new URL('.', import.meta.url));
const folder = fileURLToPath(new URL('../../../build/fuzz-pay/', import.meta.url));
const corpus = `${folder}corpus`;

if (!existsSync(`${here}node_modules`))
  execFileSync('npm', ['ci', '--ignore-scripts', '--silent'], { cwd: here, stdio: 'inherit' });
mkdirSync(corpus, { recursive: true });
const seeds = [
  '<xml><return_code><![CDATA[SUCCESS]]></return_code><total_fee>1</total_fee><sign>AB</sign></xml>',
  '<?xml version="1.0"?>\n<xml>\r\n<a>&lt;&#65;&#x5fae;<![CDATA[ ]]]]><![CDATA[> ]]></a><b/></xml>',
  '<!DOCTYPE x [<!ENTITY a "b">]><xml><a b="c">&a;</a><!-- d --></xml>',
];
for (const [index, seed] of seeds.entries()) writeFileSync(`${corpus}/seed-${index}`, seed);

// jsfuzz instruments CommonJS: the target becomes one file with all that it uses.
await build({
  entry: { target: `${here}target.ts` },
  format: 'cjs',
  outDir: folder,
  noExternal: [/./],
  config: false,
  silent: true,
});
const fuzzer = spawn(process.execPath, [`${here}node_modules/jsfuzz/build/src/index.js`, 'target.cjs', 'corpus'], {
  cwd: folder,
  stdio: 'inherit',
});
const known = readdirSync(folder).filter((name) => name.startsWith('crash-')).length;
let ended = false;
setTimeout(() => {
  ended = true;
  fuzzer.kill();
}, Number(values.seconds) * 1000).unref();
fuzzer.on('exit', () => {
  const crashes = readdirSync(folder).filter((name) => name.startsWith('crash-')).length - known;
  console.log(crashes > 0 ? `${crashes} input(s) broke it: see build/fuzz-pay` : 'Nothing broke it.');
  exit(crashes === 0 && ended ? 0 : 1);
});
