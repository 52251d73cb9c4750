import { StringDecoder } from 'node:string_decoder';
import type { Client, ClientChannel } from 'ssh2';
import { describeReason } from './connect.ts';
import { SshError } from './error.ts';

/** A command's stdin, for a dialogue with it. What is written after its end, or the command's, is lost. */
export interface Stdin {
  write(text: string): void;
  end(): void;
}

export interface RunOptions {
  /** Sent to the command's stdin, which is then closed unless `dialogue` is true. */
  readonly stdin?: string;
  /** Leaves stdin open for `onLine` to write to and to end. Default false. */
  readonly dialogue?: boolean;
  /** Aborted: the connection is closed and the reason thrown. */
  readonly signal: AbortSignal;
  /** Limit for the command, from the login on. */
  readonly timeoutMs: number;
  /**
   * Called with each whole line of stdout as it comes, without its end. What it throws is thrown, and the connection
   * closed.
   */
  readonly onLine?: (line: string, stdin: Stdin) => void;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  /** null when a signal ended the command. */
  readonly exitCode: number | null;
  /** Such as `SIGKILL`. */
  readonly signal?: string;
}

/**
 * Stdout and stderr together, in characters. Far more than any caller expects; a command that says more is not the one
 * we sent.
 */
const outputLimit = 8 << 20;

/** Runs one command on an authenticated connection. Throws SshError `lost` or `timeout`, or the signal's reason. */
export function execute(client: Client, command: string, options: RunOptions): Promise<RunResult> {
  const { promise, resolve, reject } = Promise.withResolvers<RunResult>();
  const aborted = (): void => reject(options.signal.reason);
  const timer = setTimeout(
    () => reject(new SshError('timeout', `The command did not end within ${options.timeoutMs} ms.`)),
    options.timeoutMs,
  );
  options.signal.addEventListener('abort', aborted, { once: true });
  if (options.signal.aborted) aborted();
  const lost = (why: string, cause?: unknown): void =>
    reject(new SshError('lost', `The session broke before the command's end: ${why}.`, cause));
  client.on('error', (error) => lost(describeReason(error), error));
  client.on('close', () => lost('the connection was closed'));
  client.exec(command, (error, channel) => {
    if (error) return lost(describeReason(error), error);
    const { onLine, stdin = '', dialogue = false } = options;
    const open = stdinOf(channel);
    const told = onLine && ((line: string) => attempt(() => onLine(line, open), reject));
    collect(channel, told, lost, resolve);
    open.write(stdin);
    if (!dialogue) open.end();
  });
  return promise.finally(() => {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', aborted);
  });
}

/** An event handler that throws would end the process. */
function attempt(action: () => void, failed: (error: unknown) => void): void {
  try {
    action();
  } catch (error) {
    failed(error);
  }
}

function stdinOf(channel: ClientChannel): Stdin {
  return {
    write: (text) => {
      if (channel.writable && text !== '') channel.write(text);
    },
    end: () => void channel.end(),
  };
}

function collect(
  channel: ClientChannel,
  onLine: ((line: string) => void) | undefined,
  lost: (why: string) => void,
  done: (result: RunResult) => void,
): void {
  const stdout = textOf(channel, onLine);
  const stderr = textOf(channel.stderr);
  let end: Pick<RunResult, 'exitCode' | 'signal'> | undefined;
  const checkSize = (): void => {
    if (stdout().length + stderr().length > outputLimit) lost(`it printed more than ${outputLimit} characters`);
  };
  channel.on('data', checkSize);
  channel.stderr.on('data', checkSize);
  channel.on('error', (error: Error) => lost(describeReason(error)));
  channel.on('exit', (code: number | null, signal?: string) => {
    end = { exitCode: code, ...(signal !== undefined && { signal }) };
  });
  channel.on('close', () => {
    if (end === undefined) lost('no exit status came');
    else done({ stdout: stdout(), stderr: stderr(), ...end });
  });
}

/** Gathers a stream's text; lines are told as they come. */
function textOf(stream: NodeJS.ReadableStream, onLine?: (line: string) => void): () => string {
  const decoder = new StringDecoder('utf8');
  let text = '';
  let told = 0;
  stream.on('data', (bytes: Buffer) => {
    text += decoder.write(bytes);
    for (let end = text.indexOf('\n', told); onLine && end >= 0; end = text.indexOf('\n', told)) {
      onLine(text.slice(told, end));
      told = end + 1;
    }
  });
  return () => text;
}
