import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How to start a program of the lab. */
export interface ChildOptions {
  /** Name for messages, such as `kube-apiserver`. */
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Network namespace to start in, as `ip netns` names it; default: the host's. */
  readonly netns?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** File that receives stdout and stderr. */
  readonly logFile: string;
  /** Whether the program is ready; polled every 30 ms. Default: at once. */
  readonly ready?: () => Promise<boolean>;
  /** Milliseconds until `ready` must hold. Default 30 000. */
  readonly startTimeoutMs?: number;
}

/** A running program of the lab. It dies with the process that started it, however that ends (PR_SET_PDEATHSIG). */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** TERM, then KILL after `graceMs` (default 2000; 0: KILL at once). */
  stop(graceMs?: number): Promise<void>;
}

/** Starts a program and waits until it is ready; an early exit is reported as such, with its last output. */
export async function startChild(options: ChildOptions): Promise<Child> {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'a');
  const enter = options.netns === undefined ? [] : ['ip', 'netns', 'exec', options.netns];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...enter, ...options.command], {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...options.env },
  });
  closeSync(log);
  const ended = waitForExit(child);
  const running: Child = {
    name: options.name,
    pid: child.pid ?? -1,
    ended,
    stop: (graceMs = 2000) => stopChild(child, ended, graceMs),
  };
  try {
    await waitUntilReady(options, child, ended);
  } catch (error) {
    await running.stop(0);
    throw error;
  }
  return running;
}

async function waitForExit(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  const [code, signal] = await Promise.race([once(child, 'exit'), once(child, 'error').then(() => [127, null])]);
  return { code, signal };
}

async function waitUntilReady(options: ChildOptions, child: ChildProcess, ended: Child['ended']): Promise<void> {
  const { name, logFile, ready, startTimeoutMs = 30_000 } = options;
  const deadline = Date.now() + startTimeoutMs;
  const fail = (what: string): never => {
    throw new Error(`${name} ${what}. Its last output:\n${readTail(logFile)}`);
  };
  while (ready !== undefined) {
    if (await ready().catch(() => false)) return;
    if (child.exitCode !== null || child.signalCode !== null) {
      const { code, signal } = await ended;
      fail(`ended before it was ready (${signal ?? `exit code ${code}`})`);
    }
    if (Date.now() > deadline) fail(`was not ready within ${startTimeoutMs} ms`);
    await sleep(30);
  }
}

async function stopChild(child: ChildProcess, ended: Child['ended'], graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(graceMs > 0 ? 'SIGTERM' : 'SIGKILL');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
}

/** The last lines of a log file. */
export function readTail(file: string, lines = 15): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
