import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { rooms } from '../../scripts/import-rules.ts';
import { insertRooms, renderRooms } from '../../scripts/rooms-table.ts';

const page = readFileSync(new URL('../../ARCHITECTURE.md', import.meta.url), 'utf8');

test('the table of rooms in ARCHITECTURE.md is what the import rules say', () => {
  assert.equal(page, insertRooms(page), 'run: npm run docs');
});

test('the table has a row for each room, with what it may import', () => {
  const [{ path, holds } = { path: '', holds: '' }] = rooms;
  const table = renderRooms([
    { path, holds, imports: ['src/other', 'src/file.ts'], packages: ['zod'], node: true },
    { path: 'src/file.ts', holds: 'one file', imports: [], packages: { anyBut: ['ssh2'] }, node: false },
  ]);
  assert.ok(table.includes(`| \`${path}/\` | ${holds} | src/other, src/file.ts, zod, Node |`), table);
  assert.ok(table.includes('| `src/file.ts` | one file | any package but ssh2 |'), table);
});

test('the table replaces the one before it, and nothing else of the page', () => {
  const old = page.replace(/^\| `src\/contract\/`.*\n/m, '| `src/gone/` | an old room | nothing |\n');
  assert.notEqual(old, page);
  assert.equal(insertRooms(old), page);
});

test('a page that lost a comment is refused, so that the table is not lost with it', () => {
  const [begin, end] = page.match(/^<!-- .*rooms.* -->$/gm) ?? [];
  assert.ok(begin !== undefined && end !== undefined);
  for (const broken of [page.replace(begin, ''), page.replace(end, ''), page + begin + end])
    assert.throws(() => insertRooms(broken), /must hold each of these lines once/);
});
