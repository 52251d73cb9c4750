import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSelector, SelectorError } from '../../src/model/selector.ts';

/** A node's host endpoint, as kube-controllers labels it. */
const labels = {
  'kubernetes.io/os': 'linux',
  agentpool: 'nodepool1',
  'host-end-point': 'test',
  empty: '',
  'projectcalico.org/created-by': 'calico-kube-controllers',
};

/** Each selector, and whether it selects the host endpoint. */
const rows: readonly (readonly [selector: string, selected: boolean])[] = [
  ['', true],
  [' \t ', true],
  ['all()', true],
  ['all( )', true],
  ['!all()', false],
  ['!!all()', true],
  ['global()', true],
  ['has(agentpool)', true],
  ['has( agentpool )', true],
  ['has(empty)', true],
  ['has(app)', false],
  ['!has(app)', true],
  ['has(constructor)', false],
  ["host-end-point == 'test'", true],
  ['host-end-point=="test"', true],
  ["host-end-point == 'Test'", false],
  ["app == 'x'", false],
  ["app == ''", false],
  ["empty == ''", true],
  ["app != 'x'", true],
  ["agentpool != 'nodepool1'", false],
  ["agentpool in {'a', 'nodepool1'}", true],
  ['agentpool in{"nodepool1",}', true],
  ['agentpool in {}', false],
  ["app in {'x'}", false],
  ["app not in {'x'}", true],
  ["agentpool not in {'nodepool1'}", false],
  ["agentpool notin {'nodepool2'}", true],
  ['agentpool not in {}', true],
  ["agentpool contains 'pool'", true],
  ["agentpool starts with 'node'", true],
  ["agentpool startswith 'pool'", false],
  ["agentpool ends with '1'", true],
  ["app contains ''", false],
  ["agentpool contains ''", true],
  ["kubernetes.io/os == 'linux' && has(projectcalico.org/created-by)", true],
  ['has(app) && has(agentpool) || all()', true],
  ['has(app) && (has(agentpool) || all())', false],
  ['all() || has(app) && has(app)', true],
  ['!has(app) && !has(tier)', true],
  ['!(has(agentpool) || has(app))', false],
  ["projectcalico.org/created-by != 'calico-kube-controllers'", false],
  ["contains contains 'x'", false],
  ["in in {'x'}", false],
];

describe("a host endpoint's labels against a selector of Calico", () => {
  for (const [selector, selected] of rows) {
    test(`${JSON.stringify(selector)} ${selected ? 'selects' : 'does not select'} it`, () =>
      assert.equal(parseSelector(selector)(labels), selected));
  }

  test('global() does not select what lives in a namespace', () => {
    assert.equal(parseSelector('global()')({ 'projectcalico.org/namespace': 'default' }), false);
  });
});

/** What Calico refuses, and the character at which it is told. */
test('global() leaves out what lies in a namespace, all() does not', () => {
  const namespaced = { 'projectcalico.org/namespace': 'default' };
  assert.deepEqual([parseSelector('all()')(namespaced), parseSelector('global()')(namespaced)], [true, false]);
  assert.deepEqual([parseSelector('has(app)')({ '': 'x' }), parseSelector("app == ''")({})], [false, false]);
});

const refused: readonly (readonly [selector: string, expected: string, at: number])[] = [
  ["app = 'x'", 'a label, a quoted value or an operator', 5],
  ['app', 'an operator', 4],
  ['app == x', 'a quoted value', 8],
  ["app == 'x", 'a label, a quoted value or an operator', 8],
  ['has()', 'a label', 5],
  ['has (app)', 'an operator', 5],
  ['has(app', '`)`', 8],
  ['all(x)', '`)`', 5],
  ["app in ('x')", '`{`', 8],
  ["app in {'x' 'y'}", '`}`', 13],
  ['app in {,}', '`}`', 9],
  ['all() &&', 'a label, has(), all(), global(), ! or (', 9],
  ['all() & all()', 'a label, a quoted value or an operator', 7],
  ['|| all()', 'a label, has(), all(), global(), ! or (', 1],
  ['(all()', '`)`', 7],
  ['all())', '&&, || or the end', 6],
  ['all() all()', '&&, || or the end', 7],
  ["app starts 'x'", '`with`', 12],
  ["app matches 'x'", 'an operator', 5],
  ["'x' == app", 'a label, has(), all(), global(), ! or (', 1],
  ["app == 'x'\n", 'a label, a quoted value or an operator', 11],
  ['ápp == "x"', 'a label, a quoted value or an operator', 1],
  ["app == 'it''s'", '&&, || or the end', 12],
  ['all("")', '`)`', 5],
  ['app == ""&&', 'a label, has(), all(), global(), ! or (', 12],
  ["app == '&&' all()", '&&, || or the end', 13],
  ["app in {'}'", '`}`', 12],
];

describe('what is no selector is refused, with the place', () => {
  for (const [selector, expected, at] of refused) {
    test(JSON.stringify(selector), () => {
      assert.throws(
        () => parseSelector(selector),
        (error: unknown) => {
          assert.ok(error instanceof SelectorError);
          assert.equal(error.message, `expected ${expected} at character ${at}`);
          assert.equal(error.name, 'SelectorError');
          return true;
        },
      );
    });
  }
});
