import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Labels, parseSelector, SelectorError } from '../../../lab/calico/felix/selector.ts';

const node: Labels = { 'host-end-point': 'test', 'kubernetes.io/os': 'linux', pool: 'nodepool1', empty: '' };
const pod: Labels = { app: 'frontend', 'projectcalico.org/namespace': 'default' };

const selected: readonly (readonly [selector: string, labels: Labels, expected: boolean])[] = [
  ['', node, true],
  ['all()', {}, true],
  [' all( ) ', node, true],
  ['!all()', node, false],
  ['global()', node, true],
  ['global()', pod, false],
  ['host-end-point == "test"', node, true],
  ["host-end-point=='test'", node, true],
  ['host-end-point == "other"', node, false],
  ['missing == ""', node, false],
  ['empty == ""', node, true],
  ['pool != "nodepool1"', node, false],
  ['missing != "x"', node, true],
  ['has(kubernetes.io/os)', node, true],
  ['has(missing)', node, false],
  ['!has(missing)', node, true],
  ['!has(pool)', node, false],
  ['! ! has(pool)', node, true],
  ['pool in { "a", \'nodepool1\' }', node, true],
  ['pool in {"a","b"}', node, false],
  ['missing in {"a"}', node, false],
  ['pool not in {"a"}', node, true],
  ['pool not in {"nodepool1"}', node, false],
  ['missing not in {"a"}', node, true],
  ['pool in {}', node, false],
  ['pool contains "epoo"', node, true],
  ['missing contains ""', node, false],
  ['pool starts with "node"', node, true],
  ['pool starts  with "pool"', node, false],
  ['pool ends with "1"', node, true],
  ['pool ends with "2"', node, false],
  ['has(pool) && has(missing)', node, false],
  ['has(pool) || has(missing)', node, true],
  ['has(pool) || has(missing) && has(missing)', node, true],
  ['(has(pool) || has(missing)) && has(missing)', node, false],
  ['!(has(pool) && pool == "a")', node, true],
  ["app == 'frontend' && projectcalico.org/namespace == 'default'", pod, true],
  ['in in {"x"}', { in: 'x' }, true],
  ['all == "x"', { all: 'x' }, true],
  ['has == "x"', { has: 'x' }, true],
];

for (const [selector, labels, expected] of selected) {
  test(`the selector ${JSON.stringify(selector)} ${expected ? 'selects' : 'does not select'} ${JSON.stringify(labels)}`, () => {
    assert.equal(parseSelector(selector)(labels), expected);
  });
}

const refused = [
  'host-end-point',
  'a = "b"',
  'a == b',
  'a == "b',
  'has()',
  'has(a',
  'all() all()',
  '(all()',
  'a in "b"',
  'a in {"b"',
  'a inside {"b"}',
  '&& all()',
  'all() &&',
  'a not "b"',
];

for (const selector of refused) {
  test(`the text ${JSON.stringify(selector)} is refused as no selector`, () => {
    assert.throws(() => parseSelector(selector), SelectorError);
  });
}
