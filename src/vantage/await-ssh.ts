import { SshError } from '../adapters/ssh/index.ts';
import type { Applied } from '../contract/change.ts';
import type { SessionRef } from '../contract/vantage.ts';
import type { StepContext, Tools } from '../step/context.ts';
import { patienceMs, until } from '../step/wait.ts';
import { failProber } from './prober/fail.ts';
import { locateSession } from './session.ts';

/** Limit of the command, which takes milliseconds on a machine that is awake. */
const commandTimeoutMs = 20_000;

/** More than both versions take; they go into history and report. */
const mostCharacters = 500;

/** Waits until the vantage lets the run in, and learns what it runs on. */
export async function awaitSsh(
  input: SessionRef,
  tools: Pick<Tools, 'ssh' | 'keysOf'>,
  context: StepContext,
): Promise<Applied> {
  const target = locateSession(input, tools, context);
  const giveUpAt = performance.now() + patienceMs;
  let waitingFor = '';
  const login = async () => {
    try {
      return await tools.ssh.run(target, 'uname -r && python3 -V', {
        signal: context.signal,
        timeoutMs: commandTimeoutMs,
      });
    } catch (error) {
      if (!isOfBooting(error) || performance.now() > giveUpAt) throw error;
      waitingFor = error.message;
      return undefined;
    }
  };
  const { stdout, stderr, exitCode } = await until(context, login, () => ({ waitingFor }));
  const [kernel, python] = stdout.trim().split('\n');
  const isLong = stdout.length > mostCharacters;
  if (exitCode !== 0 || isLong || kernel === undefined || python === undefined) {
    const why = `The VM has no working python3 (exit code ${exitCode}): ${stderr.trim().slice(0, 300)}`;
    throw failProber(why, context.attempt);
  }
  return { found: `kernel ${kernel}, ${python}`, facts: { kernel } };
}

/**
 * A machine that boots shows any of these; a strange host key, or none that could be trusted, does not pass with time.
 */
const isOfBooting = (error: unknown): error is SshError =>
  error instanceof SshError && error.kind !== 'hostKeyChanged' && error.kind !== 'incompatible';
