/** Files of secrets: read whole once, and only when nobody but the owner could have read or written them. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { RuleError } from './lookup.ts';

const maxBytes = 64 * 1024;
const sticky = 0o1000;

const fewestBytes = 8;

/** Zeros, or a few letters again and again, are no secret; 32 random bytes have about 30 different ones. */
export const looksRandom = (secret: Buffer): boolean => new Set(secret).size >= fewestBytes;

/** Content of a file that only its owner may read; what cannot be read is refused with `make`, the command for one. */
export function readOwnersFile(file: string, make: string): Buffer {
  let opened: number | undefined;
  try {
    // Without O_NONBLOCK, opening a FIFO waits for a writer.
    opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    check(file, fstatSync(opened), make);
    checkFolder(file);
    return readAtMost(file, opened, make);
  } catch (error) {
    if (error instanceof RuleError) throw error;
    throw new RuleError(`cannot be read: ${file}: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}.`, make);
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

/** Root reads and writes everything anyway; mounted secrets are root's. */
const isTrusted = ({ uid }: Stats): boolean => uid === 0 || uid === process.getuid?.();

function check(file: string, found: Stats, make: string): void {
  if (!found.isFile()) throw new RuleError(`must be a regular file; ${file} is none.`, make);
  if (!isTrusted(found))
    throw new RuleError(`must be owned by this user or by root; ${file} belongs to user ${found.uid}.`, make);
  if ((found.mode & (isMounted(found) ? 0o037 : 0o077)) !== 0)
    throw new RuleError(
      `must be readable by its owner only; ${file} has mode ${(found.mode & 0o777).toString(8)}.`,
      found.uid === 0 && process.getuid?.() !== 0
        ? `chmod 600 ${file}; or, where Kubernetes mounts it: defaultMode 0400, and a securityContext.fsGroup.`
        : `chmod 600 ${file}`,
    );
}

/** Kubernetes mounts a secret as root's, readable by the group of the pod (fsGroup), which has no other members. */
const isMounted = ({ uid, gid }: Stats): boolean =>
  uid === 0 && gid !== 0 && [process.getegid?.(), ...(process.getgroups?.() ?? [])].includes(gid);

/** In a folder that others write to, they could put another file in its place; a sticky one does not let them. */
function checkFolder(file: string): void {
  const folder = dirname(file);
  const found = statSync(folder);
  if (!isTrusted(found))
    throw new RuleError(
      `must lie in a folder of this user or of root; ${folder} belongs to user ${found.uid}.`,
      'Move it to a folder of your own.',
    );
  if ((found.mode & 0o022) !== 0 && (found.mode & sticky) === 0)
    throw new RuleError(
      `must lie in a folder that only its owner writes to; ${folder} has mode ${(found.mode & 0o777).toString(8)}.`,
      `chmod go-w ${folder}`,
    );
}

function readAtMost(file: string, opened: number, make: string): Buffer {
  const content = Buffer.alloc(maxBytes + 1);
  let bytes = 0;
  for (let count = -1; count !== 0 && bytes < content.byteLength; bytes += count)
    count = readSync(opened, content, bytes, content.byteLength - bytes, null);
  if (bytes > maxBytes) throw new RuleError(`must hold at most ${maxBytes} bytes; ${file} has more.`, make);
  return content.subarray(0, bytes);
}
