/** Sessions with the observer's program as SSH would start them, in a network namespace, with a home of their own. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Target } from '../../../src/contract/evidence.ts';
import { isMissing } from '../../../src/contract/observation.ts';
import {
  createObserverCommand,
  createReadPlan,
  createStartPlan,
  type ReadPlan,
  type StartPlan,
} from '../../../src/vantage/prober/observe/plan.ts';
import { type Observed, readObservation, readReady } from '../../../src/vantage/prober/observe/read.ts';

export class ObserverSessions {
  readonly home = mkdtempSync(join(tmpdir(), 'hepflow-observer-'));
  readonly #netns: string;
  readonly #targets: readonly Target[];
  constructor(netns: string, targets: readonly Target[]) {
    this.#netns = netns;
    this.#targets = targets;
  }

  /** The plan of a start, changed where a test cannot wait. */
  plan(change: Partial<StartPlan> = {}): StartPlan {
    return {
      ...createStartPlan('0a1b2c3d', { phase: 'enforced', targets: this.#targets }),
      ...change,
    };
  }

  async start(change: Partial<StartPlan> = {}): Promise<{ readonly fresh: boolean; readonly open: readonly string[] }> {
    const { code, stdout, stderr } = await this.session(this.plan(change), '');
    assert.equal(code, 0, stderr);
    return readReady(stdout);
  }

  /** What reading back prints, or the reason why there is nothing. */
  async read(afterMs = 0): Promise<Observed | string> {
    const { code, stdout, stderr } = await this.session(createReadPlan('0a1b2c3d', 'enforced'), `stop ${afterMs}\n`);
    assert.equal(code, 0, stderr);
    const found = readObservation(stdout, this.#targets);
    return isMissing(found) ? found.missing : found;
  }

  async observed(afterMs = 0): Promise<Observed> {
    const found = await this.read(afterMs);
    assert.ok(typeof found === 'object', `missing: ${JSON.stringify(found)}`);
    return found;
  }

  /** A session and its process, in a process group of its own. */
  spawn(plan: StartPlan | ReadPlan, dialogue: string): ChildProcess {
    const { command, stdin } = createObserverCommand(plan);
    const env = { ...process.env, HOME: this.home };
    const child = spawn('ip', ['netns', 'exec', this.#netns, 'sh', '-c', command], {
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    child.stdin.end(stdin + dialogue);
    return child;
  }

  async session(
    plan: StartPlan | ReadPlan,
    dialogue: string,
  ): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = this.spawn(plan, dialogue);
    const told = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.on('data', (bytes: Buffer) => {
        told[name] += bytes.toString();
      });
    }
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...told };
  }

  /** Text of a file in the observer's folder; empty while there is none. */
  file(name: string): string {
    try {
      return readFileSync(join(this.home, '.hepflow', '0a1b2c3d-enforced', name), 'utf8');
    } catch {
      return '';
    }
  }

  get pid(): number {
    return Number(this.file('lock'));
  }

  /** Ends the observer, if it still runs, and removes what it wrote. */
  close(): void {
    try {
      if (this.pid > 0 && readFileSync(`/proc/${this.pid}/cmdline`, 'utf8').includes('sys.stdin.buffer'))
        process.kill(this.pid, 'SIGKILL');
    } catch {} // it has ended by itself
    rmSync(this.home, { recursive: true, force: true });
  }
}
