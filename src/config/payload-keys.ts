/**
 * The key ring of HEPFLOW_PAYLOAD_KEY: a file with a line `ID:BASE64` for each key, of 32 bytes. The first one
 * encrypts, all decrypt.
 */
import { type FoundOption, RuleError } from './lookup.ts';
import { looksRandom, readOwnersFile } from './owners-file.ts';

export interface PayloadKey {
  /** Travels in the clear with everything that the key encrypts. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

/** `require`: what is not encrypted, or does not tell its place, is not read. `accept`: it is, while keys are new. */
export const payloadModes = ['accept', 'require'] as const;
export type PayloadMode = (typeof payloadModes)[number];

const keyBytes = 32;
const makeKey = (file: string): string => `(umask 077; echo "k1:$(openssl rand -base64 ${keyBytes})" > ${file})`;

/**
 * The keys of a file that only its owner may read. Empty lines and lines that begin with # are passed over. No key is
 * ever shown in an error.
 */
export function readPayloadKeys({ value: file }: FoundOption): () => readonly PayloadKey[] {
  const keys: PayloadKey[] = [];
  for (const [index, line] of readOwnersFile(file, makeKey(file)).toString('utf8').split('\n').entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const key = keyOf(line.trim());
    const wrong =
      typeof key === 'string'
        ? key
        : keys.some(({ id }) => id === key.id)
          ? `names ${key.id} a second time`
          : undefined;
    if (wrong !== undefined)
      throw new RuleError(`must hold lines ID:BASE64; line ${index + 1} of ${file} ${wrong}.`, makeKey(file));
    if (typeof key !== 'string') keys.push(key);
  }
  if (keys.length === 0) throw new RuleError(`must hold at least one key; ${file} has none.`, makeKey(file));
  return () => keys;
}

/** The key of a line, or what is wrong with the line. */
function keyOf(line: string): PayloadKey | string {
  const [, id, text] = /^([\w.-]{1,64}):([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
  if (id === undefined || text === undefined) return 'has another form (an id has letters, digits, `.`, `_` and `-`)';
  const key = Buffer.from(text, 'base64');
  if (key.byteLength === keyBytes) return looksRandom(key) ? { id, key } : 'has a key that is not random';
  return `has a key of ${key.byteLength} bytes instead of ${keyBytes}`;
}
