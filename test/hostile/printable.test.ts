/** Words of others in everything that is shown (A7): no form obeys them, and none hides what it shows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCheck } from '../../src/audit/check.ts';
import { formatCheckup } from '../../src/cli/checkup-text.ts';
import { formatRuns } from '../../src/cli/commands/list.ts';
import { formatGrid, formatJudged } from '../../src/cli/grid-lines.ts';
import { createProgressView } from '../../src/cli/progress-view.ts';
import { formatStepChanges, formatTable } from '../../src/cli/step-lines.ts';
import { formatSweep } from '../../src/cli/sweep-result.ts';
import { say } from '../../src/cli/terminal.ts';
import { type Checkup, levels, topics } from '../../src/contract/diagnosis.ts';
import type { LiveProof, Progress } from '../../src/contract/messages.ts';
import { formJson, limitText, makePrintable } from '../../src/contract/printable.ts';
import type { Report } from '../../src/contract/report.ts';
import type { SweepResult } from '../../src/contract/sweep.ts';
import { renderHtml } from '../../src/report/html.ts';
import { renderJson } from '../../src/report/json.ts';
import { renderJunit } from '../../src/report/junit.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { plain, renderText } from '../../src/report/text.ts';
import { logLine } from '../../src/worker/log.ts';
import { renderDetails } from '../../src/workflows/progress.ts';
import { broken, failed } from '../report/runs.ts';

const signs = [
  '\u0000',
  '\u0007',
  '\b',
  '\r',
  '\u001b[2J',
  '\u007f',
  '\u009b1m',
  '\u00ad',
  '\u200b',
  '\u200e',
  '\u202e',
];
const more = [
  '\u2028',
  '\u2066',
  '\ufeff',
  '\u3164',
  '\u{e0041}',
  '\ud800',
  '\udc00',
  '\n# ',
  '\r\n- ',
  '\n',
  '\t',
  '```',
];
const markup = ['<script>', '](javascript:x)', '[', '`', '|', '&', '"', "'", '\\', '#', '**', '<!--', ']]>', 'x', ' '];
const hostile = fc.string({ unit: fc.constantFrom(...signs, ...more, ...markup), minLength: 1, maxLength: 12 });
const everything = [...signs, ...more, ...markup].join('');
const cases = {
  numRuns: 25,
  examples: [[everything], ['# x\n# y'], ['\\'], ['[# x'], ['`](javascript:x)<script>']] as [string][],
};

/** Written out apart from src: what no output may hold. */
function isDangerous(sign: string): boolean {
  const code = sign.codePointAt(0) ?? 0;
  const isControl = (code < 32 && sign !== '\n' && sign !== '\t') || (code >= 127 && code < 160);
  const isHalf = code >= 0xd800 && code <= 0xdfff;
  const isUnseen = [0xad, 0x3164, 0xfeff].includes(code) || (code >= 0xe0000 && code < 0xe0080);
  return isControl || isHalf || isUnseen || (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x206f);
}

const refuseDangerous = (form: string, output: string): void =>
  assert.deepEqual([...output].filter(isDangerous), [], `${form} holds what may be obeyed`);

/** Fields whose values the forms tell apart, or read as times: not anybody's words. */
const kept = /^(schemaVersion|outcome|verdict|expected|observed|result|level|topic|reason|code|decision|role)$|At$|Ms$/;

/** A value with the text in every string that is nobody's choice of words. */
function poison<T>(value: T, text: string): T {
  if (typeof value === 'string') return text as T;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => poison(one, text)) as T;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      typeof one === 'string' && kept.test(key) ? one : poison(one, text),
    ]),
  ) as T;
}

/** Verdicts keep their evidence, which has a grammar of its own. */
const poisonReport = (report: Report, text: string): Report => ({
  ...poison({ ...report, evidence: [], transitions: [] }, text),
  transitions: report.transitions.map((one) => ({ ...one, phase: text, vantage: text, sentence: text })),
  leftovers: [{ what: text, why: text, command: text, reason: 'failed', code: '' }],
});

const reports = [failed, broken];

test('a text keeps letters, emoji and dashes of every language, and shows the rest as code points', () => {
  const legal = 'Ünïcødé — 字 ع नमस्ते 👍🏽 👨‍👩‍👧 ❤️\n\ttwo lines';
  assert.equal(makePrintable(legal), legal);
  assert.equal(makePrintable('a\u001b[2Jb\u202e\ud800'), 'a\\u{1b}[2Jb\\u{202e}\\u{d800}');
  assert.equal(limitText('x'.repeat(2_000_000)).length, 1000);
});

test('JSON holds the same values, and nothing that a terminal obeys', () =>
  fc.assert(
    fc.property(fc.oneof(hostile, fc.string({ unit: 'binary' })), (text) => {
      const json = formJson({ [text]: [text] });
      refuseDangerous('JSON', json);
      assert.deepEqual(JSON.parse(json), { [text]: [text] });
    }),
  ));

test('no form of a report obeys a text of it', () =>
  fc.assert(
    fc.property(hostile, fc.constantFrom(...reports), (text, sound) => {
      const report = poisonReport(sound, text);
      const markdown = renderMarkdown(report);
      for (const [form, output] of [
        ['text', renderText(report)],
        ['text on a narrow terminal', renderText(report, { columns: 40 })],
        ['JSON', renderJson(report)],
        ['JUnit', renderJunit(report)],
        ['HTML', renderHtml(report)],
        ['Markdown', markdown],
      ] as const)
        refuseDangerous(form, output);
      refuseMarkup(markdown);
      assert.equal(countLines(renderText(report)), countLines(renderText(poisonReport(sound, 'xx'))));
      assert.deepEqual(JSON.parse(renderJson(report)), JSON.parse(JSON.stringify(report)));
    }),
    {
      numRuns: 25,
      examples: reports.flatMap((report) => cases.examples.map(([text]): [string, Report] => [text, report])),
    },
  ));

const countLines = (text: string): number =>
  text.split('\n').filter((line) => /^(hepflow|Left|Warning)/.test(line)).length;

/** Of what is not code: every sign of markup is escaped, and each line begins as the source has it. */
function refuseMarkup(markdown: string): void {
  const [head = '', ...rest] = markdown.split('\n');
  assert.match(head, /^# hepflow run /);
  const prose = rest.join('\n').replaceAll(/^ {2}```sh\n.*\n {2}```$/gm, '');
  assert.doesNotMatch(prose, /^ *```/m);
  const bare = prose.replaceAll(/\\[!-/:-@[-`{-~]|`[^`\n]*`/g, 'x');
  assert.doesNotMatch(bare, /[<>[\]`&]/);
  const titles = bare.split('\n').filter((line) => /^\s*#/.test(line));
  assert.deepEqual(
    titles.filter((line) => !/^## [A-Z][a-z ]+$/.test(line)),
    [],
  );
}

const at = '2026-10-01T10:00:00.000Z';
const progressOf = (text: string): Progress =>
  ({
    ...{ runId: text, stage: text, waitingFor: text },
    steps: (['running', 'waiting', 'done', 'failed'] as const).map((outcome) => ({
      ...{ name: text, subject: text, outcome, startedAt: at, endedAt: null, attempts: 2, detail: text },
    })),
    grid: (['PASS', null] as const).map((verdict) => ({
      ...{ phase: text, vantage: text, target: text, expected: 'DROP', observed: verdict && 'DROP', verdict },
    })),
  }) as Progress;

test('progress, live and line by line, a note beside it, and its details in Temporal obey no text', () =>
  fc.assert(
    fc.property(hostile, (text) => {
      const progress = progressOf(text);
      const targets = { [text]: { seen: ['DROP'], syns: 1, synsWanted: 9 } };
      const proof = { phase: text, stage: 'proof', targets } as LiveProof;
      const lines = [
        ...formatTable(progress, at, { paint: plain, columns: 100, rows: 40 }, proof),
        ...formatStepChanges(undefined, progress, 0),
        ...formatGrid(progress, proof, plain),
        ...formatJudged(undefined, progress, 0),
      ];
      for (const line of lines) assert.ok(!line.includes('\n'), 'a line is one');
      refuseDangerous('progress', lines.join('\n'));
      const notes: string[] = [];
      const stream = { write: (line: string) => notes.push(line) > 0 } as unknown as NodeJS.WriteStream;
      createProgressView({ stream, live: false, paint: plain, columns: () => 80, rows: () => 40 }).note(text);
      say(text, stream);
      refuseDangerous('a message', notes.join(''));
      const details = renderDetails(
        progress,
        failed.verdicts.map((one) => poison(one, text)),
      );
      refuseDangerous('details', details);
      const bare = details.replaceAll(/\\[!-/:-@[-`{-~]/g, 'x');
      assert.doesNotMatch(bare, /[<>[\]`&]|^\s*#/m);
    }),
    cases,
  ));

test('what doctor, sweep and list show, the audit and the log obey no text', () =>
  fc.assert(
    fc.property(hostile, (text) => {
      const findings = (Object.keys(topics) as (keyof typeof topics)[]).map((topic, index) => ({
        ...{ topic, level: levels[index % levels.length] ?? 'ok', reason: text, remedy: text },
      }));
      const checkup = { findings, counts: { problem: 1, warning: 1, info: 1, ok: 1 } } as unknown as Checkup;
      const swept = { what: text, id: text, runId: text, owner: text, createdAt: text, expiresAt: text };
      const row = { ...swept, decision: 'failed', why: text, command: text } as const;
      const sweep: SweepResult = { dryRun: true, left: 1, warnings: [text], found: [row] };
      const run = { id: text, runId: text, outcome: text, leftovers: 0, startedAt: at, summary: text };
      const { holds, problems } = createCheck(text, [text]);
      const meta = { workflowId: text, error: new Error(text) };
      for (const [form, output] of [
        ['doctor', formatCheckup(checkup)],
        ['sweep', formatSweep(sweep)],
        ['list', formatRuns([run])],
        ['audit', [holds, ...problems].join('\n')],
        ['log', logLine({ level: 'INFO', message: text, timestampNanos: 0n, meta })],
      ] as const)
        refuseDangerous(form, output);
    }),
    cases,
  ));
