/** Commands that are printed for people to paste (A4): a real shell reads each back as it is meant. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { kinds } from '../../src/changes/index.ts';
import type { PlanContext } from '../../src/changes/kind.ts';
import { planUndo } from '../../src/changes/label/plan.ts';
import type { FieldValue } from '../../src/contract/change.ts';
import type { Change } from '../../src/contract/scenario.ts';
import { formCommand } from '../../src/contract/shell.ts';
import { renderHtml } from '../../src/report/html.ts';
import { passed } from '../report/runs.ts';
import { sampleRun } from '../support/sample-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'hepflow-commands-'));
after(() => rmSync(folder, { recursive: true }));

/** The only programs of the shell: each writes how many arguments it got, its name, and them. */
before(() => {
  const script = `#!/bin/sh\nprintf '%s\\000' "$#" "\${0##*/}" "$@"\n`;
  for (const name of ['az', 'kubectl', 'ssh', 'nc', 'hepflow'])
    writeFileSync(join(folder, name), script, { mode: 0o755 });
});

/** What programs get when a shell runs this: of each its name and its arguments. */
function runShell(command: string): string[][] {
  const out = execFileSync('/bin/sh', ['-c', command], { env: { PATH: folder }, encoding: 'utf8', stdio: 'pipe' });
  const words = out.split('\0').slice(0, -1);
  const calls: string[][] = [];
  while (words.length > 0) calls.push(words.splice(0, Number(words.shift()) + 1));
  return calls;
}

const pieces = [' ', '"', "'", '$(az evil)', '`az evil`', ';', '#', '\n', '(', ')', '|', '&', '>', '*', '~', '\\', '!'];
const more = [
  '-',
  '--',
  '=',
  '$PATH',
  '$IFS',
  '\t',
  '\r',
  '字',
  'é',
  '\u{1f600}',
  '\u202e',
  '\u001b[2J',
  'a',
  'node-a',
];
const hostile = fc.string({ unit: fc.constantFrom(...pieces, ...more), maxLength: 12 });
const trials = ['x; az evil #', 'rg(prod)', "a'b", '-x', '$(az evil)', 'two\nlines', '', ' '].map((text): [string] => [
  text,
]);
const cases = { numRuns: 25, examples: trials };

test('a shell gives a program the words that a command is formed from', () =>
  fc.assert(
    fc.property(fc.array(fc.oneof(hostile, fc.string({ unit: 'grapheme' })), { maxLength: 8 }), (words) => {
      const meant = words.map((word) => word.replaceAll('\0', ''));
      assert.deepEqual(runShell(formCommand('az', ...meant)), [['az', ...meant]]);
    }),
    { numRuns: 60 },
  ));

/** What a kind must be told so as to plan; everything else that it reads of its change is the text. */
const needed: Readonly<Record<string, readonly object[]>> = {
  field: [{ field: 'autoHostEndpoints' }, { field: 'flowLogs' }],
  label: [{ node: 0 }],
  peering: [{ side: 'near' }, { side: 'far' }],
};

/** The commands of every registered kind, with and without a value before the run, where each name is the text. */
function listCommands(text: string): string[] {
  const run = { ...sampleRun, workflowId: text, resourceGroup: text };
  const site = {
    ...{ nodes: [{ name: text, internalIp: text }], readyNodes: [text], clusterVnetId: `/vnets/${text}` },
    calico: { api: 'projectcalico.org/v3' },
  };
  return Object.entries(kinds).flatMap(([kind, { plan }]) =>
    (needed[kind] ?? [{}]).flatMap((given) =>
      [null, text].map((prior: FieldValue) => {
        const told: object = { kind, spec: { tier: text }, ...given };
        const change = new Proxy(told, { get: (target, key) => Reflect.get(target, key) ?? text }) as Change;
        return plan(change, { run, site } as unknown as PlanContext, prior).undo.command;
      }),
    ),
  );
}

/** The text in the place of a harmless one: in a word, and in the JSON that a word is. */
function replaceIn(word: string, harmless: string, text: string): string {
  if (!word.startsWith('{')) return word.replaceAll(harmless, () => text);
  const replaceValue = (_: string, value: unknown) =>
    typeof value === 'string' ? value.replaceAll(harmless, () => text) : value;
  return JSON.stringify(JSON.parse(word, replaceValue));
}

test('the command of every kind of change gives its programs the same words, whatever the names are', () => {
  const harmless = 'zq7x';
  const plain = listCommands(harmless).map(runShell);
  assert.ok(plain.length >= 2 * Object.keys(kinds).length);
  assert.ok(
    plain.flat(2).some((word) => word.startsWith('{') && word.includes(harmless)),
    'JSON is among them',
  );
  fc.assert(
    fc.property(hostile, (text) => {
      const meant = plain.map((calls) => calls.map((call) => call.map((word) => replaceIn(word, harmless, text))));
      assert.deepEqual(runShell(listCommands(text).join('\n')), meant.flat());
    }),
    cases,
  );
});

test("the trial's case: a label's value before the run cannot begin a command", () => {
  const { command } = planUndo({ node: 'node-a', key: 'k', written: 'v', prior: 'x; az evil #' });
  assert.deepEqual(runShell(command), [
    ['kubectl', 'label', 'node', 'node-a', 'k=x; az evil #', '--overwrite'],
    ['kubectl', 'annotate', 'node', 'node-a', 'hepflow.io/changed-'],
  ]);
});

/** The commands of "The same by hand". */
function listByHand(text: string): string[] {
  const [target] = passed.targets;
  const [vantage] = passed.vantages;
  assert.ok(target && vantage && passed.calico);
  const html = renderHtml({
    ...passed,
    workflowId: text,
    vantages: [{ ...vantage, adminUser: text, address: text }],
    targets: [{ ...target, node: text, address: text, service: `default/${text}` }],
    calico: { ...passed.calico, hostEndpoints: [text] },
  });
  const section = html.slice(html.indexOf('id="by-hand"'));
  const codes = [...section.matchAll(/<code>((?:ssh|hepflow) [^<]*)<\/code>/g)].map(([, code = '']) => code);
  const block = /<pre>([^<]*)<\/pre>/.exec(section)?.[1] ?? '';
  return [...codes, block].map((code) =>
    code
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&amp;', '&'),
  );
}

test("the report's commands give their programs the same words, and so does the shell behind ssh", () => {
  const harmless = 'zq7x';
  const run = (text: string): string[][] => {
    const calls = runShell(listByHand(text).join('\n'));
    const remote = calls.filter(([program]) => program === 'ssh').map((call) => call.slice(3).join(' '));
    return [...calls.filter(([program]) => program !== 'ssh'), ...runShell(remote.join('\n'))];
  };
  const plain = run(harmless);
  assert.deepEqual(new Set(plain.map(([program]) => program)), new Set(['hepflow', 'kubectl', 'nc']));
  fc.assert(
    fc.property(
      // A page shows these in another way: no name of Kubernetes or Azure has them.
      hostile.map((text) => [...text].filter((sign) => !['\r', '\u001b', '\u202e'].includes(sign)).join('')),
      (text) => {
        const meant = plain.map((call) => call.map((word) => replaceIn(word, harmless, text)));
        assert.deepEqual(run(text), meant);
      },
    ),
    cases,
  );
});

test('no source puts a command together in any other way', () => {
  const byHand =
    /\b(?:kubectl|az (?:network|vm|disk|aks)|ssh|nc -|hepflow (?:watch|cancel|report|ssh|schedule)) [^`'\n]*\$\{(?!formCommand)/;
  const src = join(import.meta.dirname, '../../src');
  const found = globSync('**/*.ts', { cwd: src }).filter((file) =>
    readFileSync(join(src, file), 'utf8')
      .split('\n')
      .some((line) => line.includes('`') && byHand.test(line)),
  );
  assert.deepEqual(found, ['adapters/ssh/keys.ts']); // a salt
});
