import { KubernetesError } from './error.ts';

/** How much of an API server's answers is taken; beyond it a call fails with the reason `AnswerTooBig`. */
const limits = {
  bytes: 16 * 1024 * 1024,
  /** Of all pages of a list together. */
  listBytes: 128 * 1024 * 1024,
  pages: 1000,
  items: 100_000,
} as const;

/** Throws when there is more than is taken. */
export function refuseBeyond(what: keyof typeof limits, count: number): void {
  const limit = limits[what];
  if (count <= limit) return;
  throw new KubernetesError(
    0,
    'AnswerTooBig',
    `The answer of the API server has more than ${limit} ${what === 'listBytes' ? 'bytes' : what}.`,
  );
}

/** The text of a body, as far as it is taken. */
export async function readBounded(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    refuseBeyond('bytes', bytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
