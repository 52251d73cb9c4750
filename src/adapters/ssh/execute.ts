import { randomUUID } from 'node:crypto';
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
 * Stdout and stderr together, in characters. More than ten minutes of rounds take; a command that prints more is not
 * the
 * one we sent.
 */
const outputLimit = 4 << 20;

/** Of a line that is told as it comes, in characters. The longest is an observation of every slot. */
const lineLimit = 256 << 10;

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
  const mark = randomUUID();
  // A login shell may print anything before it begins with the command; every shell knows echo and the semicolon.
  client.exec(`echo ${mark}; ${command}`, (error, channel) => {
    if (error) return lost(describeReason(error), error);
    const { onLine, stdin = '', dialogue = false } = options;
    const open = stdinOf(channel);
    const told = onLine && ((line: string) => attempt(() => onLine(line, open), reject));
    collect(channel, mark, told, lost, resolve);
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
  mark: string,
  onLine: ((line: string) => void) | undefined,
  lost: (why: string) => void,
  done: (result: RunResult) => void,
): void {
  let [left, isRefused] = [outputLimit, false];
  const refuse = (why: string): void => {
    isRefused = true; // what comes before the connection is closed is not looked at
    lost(why);
  };
  const begin = skipGreeting(mark);
  const gather = (
    stream: NodeJS.ReadableStream,
    choose: (text: string) => string,
    look?: (text: string) => void,
  ): (() => string) => {
    const decoder = new StringDecoder('utf8');
    let all = '';
    stream.on('data', (bytes: Buffer) => {
      if (isRefused) return;
      const text = decoder.write(bytes);
      left -= text.length;
      if (left < 0) return refuse(`it printed more than ${outputLimit} characters`);
      const chosen = choose(text);
      all += chosen;
      look?.(chosen);
    });
    return () => all;
  };
  const stdout = gather(channel, begin.next, onLine && splitLines(onLine, refuse));
  const stderr = gather(channel.stderr, (text) => text);
  let end: Pick<RunResult, 'exitCode' | 'signal'> | undefined;
  channel.on('error', (error: Error) => lost(describeReason(error)));
  channel.on('exit', (code: number | null, signal?: string) => {
    end = { exitCode: code, ...(signal !== undefined && { signal }) };
  });
  channel.on('close', () => {
    if (end === undefined) lost('no exit status came');
    else if (!begin.isOver()) lost(`the login shell ended before the command began: ${stderr().trim().slice(-300)}`);
    else done({ stdout: stdout(), stderr: stderr(), ...end });
  });
}

/** Passes on what comes after a line that ends with `mark`: before it a login shell greets whoever logs in. */
function skipGreeting(mark: string): { next(text: string): string; isOver(): boolean } {
  let greeting: string | undefined = '';
  return {
    next: (text) => {
      if (greeting === undefined) return text;
      greeting += text;
      const at = greeting.indexOf(`${mark}\n`);
      if (at < 0) {
        greeting = greeting.slice(-mark.length); // an unfinished mark is all that is needed of it
        return '';
      }
      const rest = greeting.slice(at + mark.length + 1);
      greeting = undefined;
      return rest;
    },
    isOver: () => greeting === undefined,
  };
}

/** Tells each whole line of the texts that it is given; looks at each character once, however small the texts are. */
export function splitLines(onLine: (line: string) => void, refuse: (why: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      onLine(rest + text.slice(from, end));
      rest = '';
      from = end + 1;
    }
    rest += text.slice(from);
    if (rest.length > lineLimit) refuse(`it printed a line of more than ${lineLimit} characters`);
  };
}
