/** Relative links of Markdown pages, and the anchors that headings make. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A sentence for each link of the page that leads nowhere. Links to other sites are not followed. */
export function findBrokenLinks(root: string, page: string): readonly string[] {
  const text = withoutBlocks(readFileSync(join(root, page), 'utf8')).replaceAll(/`[^`\n]*`/g, '');
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.flatMap((target) => {
    if (/^[a-z]+:/.test(target)) return [];
    if (target.startsWith('/')) return `${page}: ${target} is not relative.`;
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? join(root, page) : join(root, dirname(page), decodeURI(path));
    if (!existsSync(file)) return `${page}: ${target} does not exist.`;
    if (anchor === undefined || anchorsOf(readFileSync(file, 'utf8')).has(anchor)) return [];
    return `${page}: ${target} has no such heading.`;
  });
}

/** Anchors as GitHub makes them: of equal headings the second one ends in `-1`. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const headings = withoutBlocks(text).matchAll(/^#{1,6} +(.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) => {
      const slug = slugOf(heading);
      const times = seen.get(slug) ?? 0;
      seen.set(slug, times + 1);
      return times === 0 ? slug : `${slug}-${times}`;
    }),
  );
}

const slugOf = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

const withoutBlocks = (text: string): string => text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
