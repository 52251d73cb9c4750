import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file so that a reader, or a crash, meets the old content or the new, never a part: temporary file, sync,
 * rename, sync of the folder. Nobody can guess the temporary file's name, and what already stands there is never
 * written to, links included.
 */
export async function writeWhole(path: string, content: string): Promise<void> {
  try {
    await replaceFile(path, content);
  } catch (error) {
    // The error names the temporary file, which nobody asked for.
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EISDIR' || code === 'ENOTEMPTY' ? 'it is a folder' : (code ?? message);
    throw new Error(`${path} cannot be written: ${why}`, { cause: error });
  }
}

async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomBytes(12).toString('hex')}.tmp`;
  const file = await open(temporary, 'wx', 0o644);
  try {
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  const folder = await open(dirname(path), 'r');
  await folder.sync().finally(() => folder.close());
}
