import type { Progress } from '../contract/messages.ts';
import { changeLines, tableLines } from './step-lines.ts';
import type { Terminal } from './terminal.ts';

/** Shows progress as it comes. */
export interface ProgressView {
  show(progress: Progress): void;
  /** A line beside the steps, such as why nothing is heard. The same line is said once. */
  note(line: string): void;
  /** Leaves the terminal as other output expects it. */
  end(): void;
}

export const progressView = (terminal: Terminal): ProgressView => (terminal.live ? liveView(terminal) : lineView(terminal));

const startOf = (progress: Progress): number => Date.parse(progress.steps[0]?.startedAt ?? new Date().toISOString());

function lineView({ stream }: Terminal): ProgressView {
  let before: Progress | undefined;
  let noted = '';
  return {
    show(progress) {
      for (const line of changeLines(before, progress, Date.now() - startOf(progress))) stream.write(`${line}\n`);
      before = progress;
      noted = '';
    },
    note(line) {
      if (line !== noted) stream.write(`${line}\n`);
      noted = line;
    },
    end() {},
  };
}

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
/** Up `lines` lines, then clear to the end of the screen. */
const rewind = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A\r\u001b[J`);

function liveView(terminal: Terminal): ProgressView {
  const { stream, paint } = terminal;
  let drawn = 0;
  let last: Progress | undefined;
  let noted = '';
  const draw = (): void => {
    const lines = last === undefined ? [] : tableLines(last, new Date().toISOString(), { paint, columns: terminal.columns(), rows: terminal.rows() });
    if (noted !== '') lines.push(paint.unsure(noted.slice(0, terminal.columns() - 1)));
    stream.write(`${rewind(drawn)}${lines.map((line) => `${line}\n`).join('')}`);
    drawn = lines.length;
  };
  stream.write(hideCursor);
  const restore = (): void => void stream.write(showCursor);
  process.once('exit', restore); // also when the command ends by an error
  return {
    show(progress) {
      last = progress;
      noted = '';
      draw();
    },
    note(line) {
      noted = line;
      draw();
    },
    end() {
      process.off('exit', restore);
      restore();
    },
  };
}
