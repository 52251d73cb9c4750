import type { LiveProof, Progress } from '../contract/messages.ts';
import { makeLine } from '../contract/printable.ts';
import { formatJudged } from './grid-lines.ts';
import { formatStepChanges, formatStill, formatTable } from './step-lines.ts';
import type { Terminal } from './terminal.ts';

/** Shows progress as it comes. */
export interface ProgressView {
  /** `proof`: how far the probe under way is. */
  show(progress: Progress, proof?: LiveProof): void;
  /** A line beside the steps, such as why nothing is heard. The same line is said once. */
  note(line: string): void;
  /** A question that stays until it is taken away with null. */
  prompt(question: string | null): void;
  /** Leaves the terminal as other output expects it. */
  end(): void;
}

export const createProgressView = (terminal: Terminal, readNowMs: () => number = Date.now): ProgressView =>
  terminal.live ? liveView(terminal) : lineView(terminal, readNowMs);

const startOf = (progress: Progress): number => Date.parse(progress.steps[0]?.startedAt ?? new Date().toISOString());

/** After so long without a line it is told what goes on: logs of CI end jobs that are silent. In milliseconds. */
const quietMs = 30_000;

function lineView({ stream }: Terminal, readNowMs: () => number): ProgressView {
  let before: Progress | undefined;
  let noted = '';
  let wroteAtMs = readNowMs();
  const write = (line: string): void => {
    wroteAtMs = readNowMs();
    stream.write(`${line}\n`);
  };
  return {
    show(progress) {
      const elapsedMs = readNowMs() - startOf(progress);
      formatStepChanges(before, progress, elapsedMs).forEach(write);
      formatJudged(before, progress, elapsedMs).forEach(write);
      if (readNowMs() - wroteAtMs >= quietMs) write(formatStill(progress, elapsedMs));
      before = progress;
      noted = '';
    },
    note(told) {
      const line = makeLine(told);
      if (line !== noted) write(line);
      noted = line;
    },
    prompt(question) {
      if (question !== null) stream.write(`${question}\n`);
    },
    end() {},
  };
}

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
/** Signals that end a process which does not listen to them; Ctrl-C is listened to elsewhere. */
const deadly = ['SIGTERM', 'SIGHUP'] as const satisfies readonly NodeJS.Signals[];
/** Up `lines` lines, then clear to the end of the screen. */
const rewind = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A\r\u001b[J`);

function liveView(terminal: Terminal): ProgressView {
  const { stream, paint } = terminal;
  let drawn = 0;
  let last: readonly [Progress, LiveProof | undefined] | undefined;
  let noted = '';
  let asked: string | null = null;
  const draw = (): void => {
    const [columns, rows] = [terminal.columns(), terminal.rows()];
    const lines =
      last === undefined ? [] : formatTable(last[0], new Date().toISOString(), { paint, columns, rows }, last[1]);
    if (noted !== '') lines.push(paint.unsure(noted.slice(0, columns - 1)));
    if (asked !== null) lines.push(paint.strong(asked));
    stream.write(`${rewind(drawn)}${lines.map((line) => `${line}\n`).join('')}`);
    drawn = lines.length;
  };
  stream.write(hideCursor);
  const restore = (): void => void stream.write(showCursor);
  process.once('exit', restore); // also when the command ends by an error
  // Not by the signal itself: only an exit gives the terminal back as it was found.
  const killed = (_: NodeJS.Signals, number: number): void => process.exit(128 + number);
  for (const signal of deadly) process.once(signal, killed);
  return {
    show(progress, proof) {
      last = [progress, proof];
      noted = '';
      draw();
    },
    note(line) {
      noted = makeLine(line);
      draw();
    },
    prompt(question) {
      asked = question;
      draw();
    },
    end() {
      process.off('exit', restore);
      for (const signal of deadly) process.off(signal, killed);
      restore();
    },
  };
}
