/** Every way to change one place of a JSON value. */
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Path = readonly (string | number)[];

/** Paths of all values within, the value itself left out. */
export function pathsIn(value: unknown, under: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.flatMap((key) => [
    [...under, key],
    ...pathsIn((value as Record<string | number, unknown>)[key], [...under, key]),
  ]);
}

/** What to do at a path. `swapped`: with the next element of its list. */
export const changes = ['changed', 'dropped', 'doubled', 'swapped'] as const;

/** A copy with one place changed; undefined where that changes nothing. */
export function mutated<T>(whole: T, path: Path, change: (typeof changes)[number]): T | undefined {
  const copy = structuredClone(whole);
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((at, key) => (at as Record<string | number, unknown>)[key], copy) as Json[] &
    Record<string | number, Json>;
  const key = path.at(-1) ?? '';
  if (change === 'changed') parent[key as never] = other(parent[key as never] as Json) as never;
  else if (change === 'dropped' && Array.isArray(parent)) parent.splice(Number(key), 1);
  else if (change === 'dropped') delete parent[key as never];
  else if (!Array.isArray(parent)) return undefined;
  else if (change === 'doubled') parent.splice(Number(key), 0, structuredClone(parent[key as never] as Json));
  else parent.splice(Number(key), 2, ...(parent.slice(Number(key), Number(key) + 2) as Json[]).reverse());
  return JSON.stringify(copy) === JSON.stringify(whole) ? undefined : copy;
}

/** Another value of the same kind where there is one. */
function other(value: Json): Json {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  if (value === null) return 1;
  if (typeof value !== 'string') return null;
  return value === '' ? 'x' : `${value.slice(0, -1)}${value.endsWith('0') ? '1' : '0'}`;
}
