/** The table of rooms in ARCHITECTURE.md, between two comments: the rest of the page is hand-written. */
import { describeAllowed } from './check-imports.ts';
import { type Room, rooms } from './import-rules.ts';

const begin = '<!-- rooms: generated from scripts/import-rules.ts by npm run docs -->';
const end = '<!-- /rooms -->';

/** The page with today's table. Throws when the comments are missing: the table would be lost without a word. */
export function insertRooms(page: string): string {
  const [before, rest, ...more] = page.split(begin);
  const [, after, ...others] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined || more.length + others.length > 0)
    throw new Error(`The page must hold each of these lines once, in this order:\n${begin}\n${end}`);
  return [before, begin, '\n\n', renderRooms(rooms), '\n', end, after].join('');
}

/** One row for each room, in the order in which the rules are tried. */
export function renderRooms(list: readonly Room[]): string {
  const rows = list.map((room) => `| \`${nameOf(room.path)}\` | ${room.holds} | ${describeAllowed(room)} |`);
  return ['| room | what it holds | may import |', '|---|---|---|', ...rows, ''].join('\n');
}

/** A folder ends in a slash, so that it is not taken for the file beside it: `src/worker/` and `src/worker.ts`. */
const nameOf = (path: string): string => (path.endsWith('.ts') ? path : `${path}/`);
