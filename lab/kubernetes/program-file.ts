import { fileURLToPath } from 'node:url';

/** Path of a program of this folder that runs as a process of its own: the source, or what it was compiled to. */
export const locateProgram = (name: string): string =>
  fileURLToPath(new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));
