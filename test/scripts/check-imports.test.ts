import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { importsOf, violations } from '../../scripts/check-imports.ts';

/** One forbidden import a row. */
const forbidden: [file: string, source: string][] = [
  ['src/contract/a.ts', `import { x } from '../judge/x.ts';`],
  ['src/contract/a.ts', `import { readFileSync } from 'node:fs';`],
  ['src/judge/a.ts', `import { names } from '../ownership/names.ts';`],
  ['src/judge/a.ts', `import { sealed } from '../evidence/seal.ts';`],
  ['src/scenario/a.ts', `import { judge } from '../judge/judge.ts';`],
  ['src/workflows/a.ts', `import type { X } from '../activities/x.ts';`],
  ['src/workflows/a.ts', `import { z } from 'zod';`],
  ['src/workflows/a.ts', `import { label } from '../changes/label/index.ts';`],
  ['src/workflows/a.ts', `const fs = await import('node:fs');`],
  ['src/activities/a.ts', `import { NetworkManagementClient } from '@azure/arm-network';`],
  ['src/activities/a.ts', `import { auditReport } from '../audit/report.ts';`],
  ['src/changes/label/a.ts', `import { probe } from '../../activities/index.ts';`],
  ['src/step/a.ts', `import { label } from '../changes/label/apply.ts';`],
  ['src/adapters/azure/a.ts', `import {\n  x,\n} from '../kubernetes/x.ts';`],
  ['src/adapters/ssh/a.ts', `import { Context } from '@temporalio/activity';`],
  ['src/adapters/ssh/a.ts', `import { Command } from 'commander';`],
  ['src/adapters/kubernetes/a.ts', `export * from '../../ownership/names.ts';`],
  ['src/adapters/kubernetes/a.ts', `import { Command } from 'commander';`],
  ['src/report/a.ts', `import { run } from '../config/run-spec.ts';`],
  ['src/report/a.ts', `import x from '../adapters/ssh/x.ts';`],
  ['src/config/a.ts', `import { toHtml } from '../report/html.ts';`],
  ['src/audit/a.ts', `import { Client } from '@temporalio/client';`],
  ['src/cli/a.ts', `import { up } from '../../lab/main.ts';`],
  ['src/stray.ts', `import { x } from './contract/x.ts';`],
  ['lab/a.ts', `import { x } from '../src/contract/x.ts';`],
];

const allowed: [file: string, source: string][] = [
  ['src/contract/a.ts', `import type { X } from './b.ts';`],
  [
    'src/workflows/a.ts',
    `import { writeHolder } from '../ownership/holder.ts';\nimport { condition } from '@temporalio/workflow';`,
  ],
  [
    'src/activities/a.ts',
    `import type { Azure } from '../adapters/azure/index.ts';\nimport { Context } from '@temporalio/activity';`,
  ],
  ['src/audit/a.ts', `import { judgementOf } from '../judge/judgement.ts';`],
  [
    'src/adapters/azure/deep/a.ts',
    `import x from '../client.ts'; // import y from '../../ssh/y.ts'\nimport z from '@azure/identity';`,
  ],
  ['src/worker.ts', `import { x } from './adapters/ssh/index.ts';\nimport { Worker } from '@temporalio/worker';`],
  ['lab/a.ts', `/** as import { x } from '../src/x.ts' would */\nimport { y } from './azure/y.ts';`],
];

function found(file: string, source: string): string[] {
  const root = mkdtempSync(join(tmpdir(), 'hepflow-imports-'));
  try {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), source);
    return violations(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

for (const [file, source] of forbidden) {
  test(`${file} is refused ${source}`, () => assert.equal(found(file, source).length, 1));
}
for (const [file, source] of allowed) {
  test(`${file} is granted ${source}`, () => assert.deepEqual(found(file, source), []));
}

test('type-only, dynamic, re-exporting and side-effect imports are all seen', () => {
  const source = `import 'a';\nimport type { B } from "b";\nexport { c } from 'c';\nconst d = import('d');\nexport type * from 'e';\nimport f, { g } from 'f';`;
  assert.deepEqual(importsOf(source), ['a', 'b', 'c', 'd', 'e', 'f']);
});
