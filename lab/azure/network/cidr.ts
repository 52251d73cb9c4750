/** IPv4 blocks as number ranges. */
export interface Block {
  readonly first: number;
  readonly last: number;
}

const parseAddress = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

export const formatAddress = (value: number): string =>
  [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');

/** Parses a CIDR whose host bits are zero, as Azure requires; undefined when the text is none. */
export function parseCidr(cidr: string): Block | undefined {
  const [address = '', prefix = ''] = cidr.split('/');
  if (!isAddress(address) || !/^(\d|[12]\d|3[0-2])$/.test(prefix)) return undefined;
  const size = 2 ** (32 - Number(prefix));
  const first = parseAddress(address);
  return first % size === 0 ? { first, last: first + size - 1 } : undefined;
}

export const isAddress = (text: string): boolean =>
  /^(\d{1,3}\.){3}\d{1,3}$/.test(text) && text.split('.').every((part) => Number(part) <= 255);

export const contains = (outer: Block, inner: Block): boolean => outer.first <= inner.first && inner.last <= outer.last;

export const overlap = (a: Block, b: Block): boolean => a.first <= b.last && b.first <= a.last;

export const hasAddress = (block: Block, address: string): boolean =>
  isAddress(address) && contains(block, { first: parseAddress(address), last: parseAddress(address) });

/** The first address that is not taken. Azure reserves the first four of a subnet, and the last. */
export function findFreeAddress(block: Block, taken: ReadonlySet<string>, skip = 4): string | undefined {
  for (let value = block.first + skip; value < block.last; value++)
    if (!taken.has(formatAddress(value))) return formatAddress(value);
  return undefined;
}

/** True if any block of one list overlaps any of the other; what is no CIDR overlaps nothing. */
export function hasOverlap(ours: readonly string[], theirs: readonly string[]): boolean {
  return ours.some((a) =>
    theirs.some((b) => {
      const [left, right] = [parseCidr(a), parseCidr(b)];
      return left !== undefined && right !== undefined && overlap(left, right);
    }),
  );
}
