import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCheckup } from '../../src/cli/checkup-text.ts';
import type { Checkup, Diagnosis, Level } from '../../src/contract/diagnosis.ts';
import type { Paint } from '../../src/report/text.ts';

const finding = (level: Level, topic: Diagnosis['topic'], reason: string, remedy = ''): Diagnosis => ({
  level,
  topic,
  field: '',
  reason,
  remedy,
});
const id = `/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/group/providers/Microsoft.Network/virtualNetworks/${'long'.repeat(10)}`;
const findings = [
  finding('ok', 'groups', 'Resource group group exists.'),
  finding(
    'problem',
    'azureRights',
    `The credential may not Microsoft.Network/virtualNetworks/read on ${id}.`,
    'Assign the role.',
  ),
  finding('warning', 'lockOut', 'GlobalNetworkPolicy wide selects everything.', 'Confine it.'),
  finding('info', 'kubeProxy', 'Not readable.'),
  finding('problem', 'nodePort', 'NodePort 30080 belongs to service holder.', 'Set another.'),
];
const checkup: Checkup = { counts: { problem: 2, warning: 1, info: 1, ok: 1 }, findings };

test('areas come in order, the worst of each first, and a line counts them', () => {
  const lines = formatCheckup(checkup, { columns: 200 }).split('\n');
  const at = (text: RegExp): number => lines.findIndex((line) => text.test(line));
  const order = [
    /^Azure$/,
    /problem +rights/,
    /ok +resource groups/,
    /^Cluster$/,
    /^Calico$/,
    /warning +lock-out/,
    /→ Confine it\./,
    /^Workload$/,
    /problem +NodePort/,
  ];
  assert.deepEqual(
    order.map(at).toSorted((a, b) => a - b),
    order.map(at),
  );
  assert.ok(at(/^Azure$/) === 0);
  assert.equal(lines.at(-2), '2 problems, 1 warning, 1 info, 1 ok. Preflight would refuse a run.');
  assert.match(
    formatCheckup({ counts: { problem: 0, warning: 1, info: 0, ok: 3 }, findings: [] }),
    /^No problem: 1 warning, 3 ok\. Preflight would let a run begin\.\n$/,
  );
});

test('no line is wider than the terminal, and nothing of a long resource id is lost', () => {
  const text = formatCheckup(checkup, { columns: 80 });
  assert.ok(
    text.split('\n').every((line) => line.length <= 80),
    text,
  );
  assert.ok(text.replaceAll(/\s+/g, '').includes(id));
});

test('colours go by level, and what is in order is faint', () => {
  const mark = (name: string) => (said: string) => `<${name}>${said}</${name}>`;
  const paint: Paint = {
    good: mark('good'),
    bad: mark('bad'),
    unsure: mark('unsure'),
    faint: mark('faint'),
    strong: mark('strong'),
  };
  const text = formatCheckup(checkup, { columns: 200, paint });
  for (const said of [
    '<bad>problem</bad>',
    '<unsure>warning</unsure>',
    '<good>ok     </good>',
    '<faint>Resource group group exists.</faint>',
    '<strong>Azure</strong>',
  ])
    assert.ok(text.includes(said), `${said} is not in ${text}`);
});
