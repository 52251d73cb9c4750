import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type FoundOption, RuleError } from './lookup.ts';
import { readOwnersFile } from './owners-file.ts';

const makeKey = (file: string): string => `openssl genpkey -algorithm ed25519 -out ${file} && chmod 600 ${file}`;

/** The Ed25519 private key of a PEM file that only its owner may read. */
export function readReportKey({ value: file }: FoundOption): () => KeyObject {
  const pem = readOwnersFile(file, makeKey(file));
  const key = parseKey(() => createPrivateKey(pem));
  if (key === undefined)
    throw new RuleError(
      `must hold an Ed25519 private key in PEM, without a password; ${file} does not.`,
      makeKey(file),
    );
  return () => key;
}

/** The Ed25519 public key of a PEM file. */
export function readPublicKey(file: string): KeyObject {
  const key = parseKey(() => createPublicKey(readFileSync(file)));
  if (key === undefined)
    throw new RuleError(
      `must be a file with an Ed25519 public key in PEM; ${file} is not.`,
      'openssl pkey -in PRIVATE.pem -pubout -out PUBLIC.pem',
    );
  return key;
}

/** Undefined: it cannot be read, or is of another kind. */
function parseKey(parse: () => KeyObject): KeyObject | undefined {
  try {
    const key = parse();
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}
