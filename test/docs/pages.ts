/** The Markdown pages of the repository, by their paths. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages as generated } from '../../scripts/docs.ts';
import { root } from '../../scripts/static-checks.ts';

export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Pages whose links are checked. */
export const allPages: readonly string[] = globSync(['*.md', 'docs/**/*.md', 'deploy/*.md'], { cwd: root }).sort();

/** Pages for readers of the documentation that no program writes. */
export const handWrittenPages: readonly string[] = allPages.filter(
  (path) => (path === 'README.md' || path.startsWith('docs/')) && !(path in generated),
);

/** Whitespace of any kind and length is one space, as Markdown has it. */
export const unfold = (text: string): string => text.replaceAll(/\s+/g, ' ');

/** Contents of a page's code blocks. */
export const codeBlocksIn = (text: string): readonly string[] =>
  [...text.matchAll(/^ *```.*\n([\s\S]*?)^ *```$/gm)].map(([, code = '']) => code);
