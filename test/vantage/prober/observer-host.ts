/** A vantage that is a network namespace with a real sshd, for observers that are started and read back over it. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSsh, type RunOptions, type Ssh } from '../../../src/adapters/ssh/index.ts';
import type { Target } from '../../../src/contract/evidence.ts';
import type { Missing, Observation } from '../../../src/contract/observation.ts';
import type { ObserverInput } from '../../../src/contract/steps.ts';
import type { StepContext, Tools } from '../../../src/step/context.ts';
import { openReading } from '../../../src/vantage/prober/observe/session.ts';
import { type Sshd, startSshd } from '../../adapters/ssh/sshd.ts';
import { deriveKeysOf } from '../../support/keys.ts';
import { sampleRun as run } from '../../support/sample-run.ts';
import { openStreet, ports, type Street } from './street.ts';

const keys = deriveKeysOf(Buffer.alloc(32, 5), '0a1b2c3d');
const never = new AbortController().signal;
const clusters = {
  of: async () => ({ list: async () => [{ endpoints: [{ addresses: ['10.244.0.2'] }] }], find: async () => undefined }),
};

export class ObserverHost {
  readonly street: Street;
  readonly sshd: Sshd;
  readonly ssh = createSsh({ connectTimeoutMs: 10_000, keepaliveMs: 1000 });
  #home = mkdtempSync(join(tmpdir(), 'hepflow-observer-'));
  private constructor(street: Street, sshd: Sshd) {
    this.street = street;
    this.sshd = sshd;
  }

  static async open(): Promise<ObserverHost> {
    const street = await openStreet();
    try {
      return new ObserverHost(street, await startSshd(keys, street.prober));
    } catch (error) {
      await street.close();
      throw error;
    }
  }

  /** Steps dial port 22; here sshd listens elsewhere, and the home is a test's own. `change` may spoil a session. */
  connect(change: (options: RunOptions, command: string) => Partial<RunOptions> = () => ({})): Ssh {
    return {
      run: (target, command, options) =>
        this.ssh.run({ ...target, port: this.sshd.port }, `HOME=${this.#home} ${command}`, {
          ...options,
          ...change(options, command),
        }),
    };
  }

  setting(ssh: Ssh, signal = never): { tools: Tools; context: StepContext } {
    return {
      tools: { ssh, clusters, keysOf: () => keys } as unknown as Tools,
      context: { run, attempt: 1, signal, heartbeat: () => {}, resume: undefined, pollIntervalMs: 10 },
    };
  }

  target(port: number, kind: Target['kind']): Target {
    const service = kind === 'nodePort' ? { service: 'default/frontend-nodeport' } : {};
    return { id: `node-a:${port}`, node: 'node-a', address: this.street.host, port, kind, ...service };
  }

  input(): ObserverInput {
    return {
      phase: 'enforced',
      session: { address: '127.0.0.1', adminUser: this.sshd.username },
      targets: [this.target(ports.open, 'nodePort'), this.target(ports.mute, 'openPort')],
    };
  }

  readBack(ssh = this.connect(), afterMs = 0): Promise<Observation | Missing> {
    const { tools, context } = this.setting(ssh);
    return openReading(this.input(), 10_000, tools, context).finish(afterMs);
  }

  /** Ends the observer, if one runs. */
  kill(): void {
    try {
      const pid = Number(readFileSync(join(this.#home, '.hepflow', '0a1b2c3d-enforced', 'lock'), 'utf8'));
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('sys.stdin.buffer')) process.kill(pid, 'SIGKILL');
    } catch {} // none was started, or it has ended
  }

  /** As new for the next test. */
  async reset(): Promise<void> {
    this.kill();
    rmSync(this.#home, { recursive: true, force: true });
    this.#home = mkdtempSync(join(tmpdir(), 'hepflow-observer-'));
    await this.street.reset();
  }

  async close(): Promise<void> {
    this.kill();
    rmSync(this.#home, { recursive: true, force: true });
    await this.sshd.stop();
    await this.street.close();
  }
}
