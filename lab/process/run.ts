import { execFile } from 'node:child_process';

/**
 * Runs a command to its end and returns its stdout; `input` goes to its stdin. An exit code other than 0 throws with
 * stderr.
 */
export function run(command: readonly [string, ...string[]], input = ''): Promise<string> {
  const [file, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command.join(' ')}: ${stderr.trim() || error.message}${input && `\n${input}`}`));
      else resolve(stdout);
    });
    child.stdin?.on('error', () => {}); // the command may end before it has read everything; its exit code tells
    child.stdin?.end(input);
  });
}

/** The same inside a network namespace. */
export const runIn = (netns: string, command: readonly [string, ...string[]], input = ''): Promise<string> =>
  run(['ip', 'netns', 'exec', netns, ...command], input);
