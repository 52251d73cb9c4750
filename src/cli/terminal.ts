import pc from 'picocolors';
import { makePrintable } from '../contract/printable.ts';
import { type Paint, plain } from '../report/text.ts';

/** Where a command writes. */
export interface Terminal {
  readonly stream: NodeJS.WriteStream;
  /** Whether tables may be redrawn. */
  readonly live: boolean;
  readonly paint: Paint;
  columns(): number;
  rows(): number;
}

/** Writes a message, of which others may have chosen words: a workflow id, an error of Azure's. */
export const say = (message: string, stream: NodeJS.WritableStream = process.stdout): void =>
  void stream.write(`${makePrintable(message)}\n`);

const coloured: Paint = { good: pc.green, bad: pc.red, unsure: pc.yellow, faint: pc.dim, strong: pc.bold };

/** Colours and live tables only on a terminal, and never with NO_COLOR or TERM=dumb. */
export function openTerminal(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): Terminal {
  const isTerminal = stream.isTTY === true && env['TERM'] !== 'dumb';
  return {
    stream,
    live: isTerminal && !env['CI'],
    paint: isTerminal && pc.isColorSupported && !env['NO_COLOR'] ? coloured : plain,
    columns: () => stream.columns || 160,
    rows: () => stream.rows || 40,
  };
}
