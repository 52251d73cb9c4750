/** Runs a program within bounds: its whole process group ends with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { makeLine } from '../../contract/printable.ts';

export interface ProgramCall {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** What it may not write on stderr: it is ended then. */
  readonly endOn: RegExp;
}

type Ending =
  | { readonly how: 'done'; readonly stdout: string }
  | { readonly how: 'missing' | 'failed'; readonly why: string }
  | { readonly how: 'asked' | 'late' | 'cancelled' }
  | { readonly how: 'verbose'; readonly limit: number };

/** How it ended, and the last of its stderr as one printable line. */
export type ProgramEnd = Ending & { readonly stderr: string };

const stdoutBytes = 1024 * 1024;
const stderrChars = 300;

/** Never rejects. */
export function runProgram({ command, args, env, timeoutMs, signal, endOn }: ProgramCall): Promise<ProgramEnd> {
  if (signal.aborted) return Promise.resolve({ how: 'cancelled', stderr: '' });
  const { promise, resolve } = Promise.withResolvers<ProgramEnd>();
  // A group of its own, without the worker's terminal: so it can neither ask there nor leave a child behind.
  const child = spawn(command, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const out: Buffer[] = [];
  let outBytes = 0;
  let stderr = '';
  const end = (ending: Ending): void => resolve({ ...ending, stderr: makeLine(stderr).trim().slice(-stderrChars) });
  child.stdout.on('data', (chunk: Buffer) => {
    outBytes += chunk.byteLength;
    if (outBytes > stdoutBytes) end({ how: 'verbose', limit: stdoutBytes });
    else out.push(chunk);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-4 * stderrChars);
    if (endOn.test(stderr)) end({ how: 'asked' });
  });
  child.once('error', ({ code, message }: NodeJS.ErrnoException) =>
    end({ how: code === 'ENOENT' ? 'missing' : 'failed', why: message }),
  );
  child.once('close', (code, killed) =>
    code === 0
      ? end({ how: 'done', stdout: Buffer.concat(out).toString('utf8') })
      : end({ how: 'failed', why: code === null ? `ended by ${killed}` : `exit code ${code}` }),
  );
  const late = setTimeout(() => end({ how: 'late' }), timeoutMs);
  const cancel = (): void => end({ how: 'cancelled' });
  signal.addEventListener('abort', cancel, { once: true });
  const kill = (): void => killGroup(child);
  process.once('exit', kill);
  return promise.finally(() => {
    clearTimeout(late);
    signal.removeEventListener('abort', cancel);
    process.off('exit', kill);
    kill();
    child.stdout.destroy();
    child.stderr.destroy();
  });
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // the group is over
  }
}
