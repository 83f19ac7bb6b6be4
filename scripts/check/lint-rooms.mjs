// Holds every import of lib/ against scripts/check/rooms.json, where it's written which room may import which:
//   node scripts/check/lint-rooms.mjs [folder instead of lib]
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import { argv, exit } from 'node:process';
import ts from 'typescript';
import { root } from '../machine/run.mjs';

const { shared, rooms } = JSON.parse(readFileSync(join(root, 'scripts', 'check', 'rooms.json'), 'utf8'));
const lib = resolve(argv[2] ?? join(root, 'lib'));

/** A room is a folder of lib, or a file beside them. */
const roomOf = (path) => path.split('/')[0];

const filesIn = (folder) =>
  readdirSync(join(lib, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : path.endsWith('.ts') ? [path] : [];
  });

const problems = [];
const used = new Set();
for (const file of filesIn('.')) {
  const room = roomOf(file);
  const allowed = rooms[room] ?? (shared.includes(room) ? [] : undefined);
  if (allowed === undefined) {
    problems.push(`lib/${file} belongs to no room of scripts/check/rooms.json`);
    continue;
  }
  // Also the types alone, what is passed on by "export … from", and what is loaded later by import().
  const { importedFiles } = ts.preProcessFile(readFileSync(join(lib, file), 'utf8'));
  for (const { fileName } of importedFiles) {
    if (!fileName.startsWith('.')) continue;
    const imported = roomOf(posix.join(posix.dirname(file), fileName).replace(/\.js$/, '.ts'));
    if (imported === room || shared.includes(imported)) continue;
    used.add(`${room} → ${imported}`);
    if (!allowed.includes(imported))
      problems.push(`lib/${file} imports ${fileName}: scripts/check/rooms.json has no arrow ${room} → ${imported}`);
  }
}
for (const [room, arrows] of Object.entries(rooms))
  for (const arrow of arrows)
    if (!used.has(`${room} → ${arrow}`))
      problems.push(`no file needs the arrow ${room} → ${arrow} of scripts/check/rooms.json`);

for (const problem of problems) console.error(`lint-rooms: ${problem}`);
exit(problems.length === 0 ? 0 : 1);
