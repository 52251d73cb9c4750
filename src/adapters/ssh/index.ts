import { connect, type SshSettings, type SshTarget } from './connect.ts';
import { execute, type RunOptions, type RunResult } from './execute.ts';

export type { SshSettings, SshTarget } from './connect.ts';
export { SshError, type SshErrorKind } from './error.ts';
export type { RunOptions, RunResult, Stdin } from './execute.ts';

export interface Ssh {
  /**
   * Logs in, runs one command and closes. The host key is compared before authentication. A command that ended with any
   * exit code, or by a signal, is a result;
   * throws SshError when it could not be run to its end (W10), and the signal's reason when that aborts it.
   */
  run(target: SshTarget, command: string, options: RunOptions): Promise<RunResult>;
}

export function createSsh(settings: SshSettings): Ssh {
  return {
    async run(target, command, options) {
      const client = await connect(target, settings, options.signal);
      try {
        const result = await execute(client, command, options);
        client.end();
        return result;
      } catch (error) {
        client.destroy();
        throw error;
      }
    },
  };
}
