/** What must never leave a worker's memory (W7), and the search for it. */
import { readFileSync } from 'node:fs';
import { deriveRunKeys, type KeyOwner, type KeyPair } from '../../src/adapters/ssh/keys.ts';
import type { World } from './world.ts';

/** Something to be searched. */
export interface Place {
  readonly name: string;
  readonly content: Uint8Array | string;
}

/** What gives a secret away: bytes of which any one is a find, or a pattern. */
export interface Secret {
  readonly name: string;
  readonly needles: readonly (Buffer | RegExp)[];
}

/** The secrets of a lab's worker, and of its runs. */
export function listSecrets({ lab }: World, runs: readonly KeyOwner[]): Secret[] {
  const { HEPFLOW_KEY_SECRET_FILE: file = '', AZURE_CLIENT_SECRET: clientSecret = '' } = lab.environment;
  const workerSecret = readFileSync(file);
  const token = readToken(lab.cluster.userKubeconfig());
  return [
    { name: 'worker secret', needles: encoded(workerSecret) },
    { name: 'client secret', needles: encoded(Buffer.from(clientSecret)) },
    { name: 'kubeconfig token', needles: encoded(Buffer.from(token)) },
    { name: 'kubeconfig', needles: ['certificate-authority-data', 'current-context'].map((word) => Buffer.from(word)) },
    { name: 'bearer token', needles: [/eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/, /\bbearer [\w.-]{20,}/i] },
    { name: 'private key', needles: [Buffer.from('PRIVATE KEY'), Buffer.from('openssh-key-v1')] },
    ...runs.flatMap((run) =>
      Object.entries(deriveRunKeys(workerSecret, run)).map(([use, key]) => ({
        name: `${use} key of run ${run.runId}`,
        needles: keyNeedles(key),
      })),
    ),
  ];
}

export const readToken = (kubeconfig: string): string =>
  (JSON.parse(kubeconfig) as { users: [{ user: { token: string } }] }).users[0].user.token;

const encoded = (secret: Buffer): Buffer[] => [
  secret,
  ...(['hex', 'base64url'] as const).map((how) => Buffer.from(secret.toString(how))),
  Buffer.from(secret.toString('base64').replace(/=+$/, '')),
];

/** Every line of the PEM that is the key's own, and the seed that all of it is made from. */
function keyNeedles({ publicKey, privateKey }: KeyPair): Buffer[] {
  const lines = privateKey.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
  const blob = Buffer.from(lines.join(''), 'base64');
  const point = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64').subarray(-32);
  const at = blob.lastIndexOf(point);
  return [...lines.slice(1, -1).map((line) => Buffer.from(line)), ...encoded(blob.subarray(at - 32, at))];
}

/**
 * Finds as `<secret> in <place>`. Base64 is looked into, also within base64, so that a packed document hides nothing.
 */
export function findSecrets(places: readonly Place[], secrets: readonly Secret[]): string[] {
  return places.flatMap(({ name, content }) => {
    const layers = unpacked(Buffer.from(content));
    return secrets
      .filter(({ needles }) => layers.some((layer) => needles.some((needle) => holds(layer, needle))))
      .map((secret) => `${secret.name} in ${name}`);
  });
}

const holds = (layer: Buffer, needle: Buffer | RegExp): boolean =>
  needle instanceof RegExp ? needle.test(layer.toString('latin1')) : layer.includes(needle);

const depth = 4;

/** The content, and what its base64 runs say. */
function unpacked(content: Buffer, left = depth): Buffer[] {
  if (left === 0) return [];
  const runs = content.toString('latin1').match(/[\w+/-]{40,}/g) ?? [];
  return [content, ...runs.flatMap((run) => unpacked(Buffer.from(run, 'base64'), left - 1))];
}

/** Every text and every byte array in a structure, such as a history: keys, payloads, failures, metadata. */
export function listLeaves(value: unknown): Uint8Array[] {
  if (typeof value === 'string') return [Buffer.from(value)];
  if (value instanceof Uint8Array) return [value];
  if (Array.isArray(value)) return value.flatMap(listLeaves);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [Buffer.from(key), ...listLeaves(inner)]);
}

/** The same as one content. */
export const flatten = (value: unknown): Buffer =>
  Buffer.concat(listLeaves(value).flatMap((leaf) => [leaf, Buffer.from('\n')]));
