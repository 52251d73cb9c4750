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
const refused: readonly (readonly [selector: string, at: number])[] = [
  ["app = 'x'", 5],
  ['app', 4],
  ['app == x', 8],
  ["app == 'x", 8],
  ['has()', 5],
  ['has (app)', 5],
  ['has(app', 8],
  ['all(x)', 5],
  ["app in ('x')", 8],
  ["app in {'x' 'y'}", 13],
  ['app in {,}', 9],
  ['all() &&', 9],
  ['all() & all()', 7],
  ['|| all()', 1],
  ['(all()', 7],
  ['all())', 6],
  ['all() all()', 7],
  ["app starts 'x'", 12],
  ["app matches 'x'", 5],
  ["'x' == app", 1],
  ["app == 'x'\n", 11],
  ['ápp == "x"', 1],
  ["app == 'it''s'", 12],
];

describe('what is no selector is refused, with the place', () => {
  for (const [selector, at] of refused) {
    test(JSON.stringify(selector), () => {
      assert.throws(
        () => parseSelector(selector),
        (error: unknown) => {
          assert.ok(error instanceof SelectorError);
          assert.match(error.message, new RegExp(`at character ${at}$`));
          return true;
        },
      );
    });
  }
});
