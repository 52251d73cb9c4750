import assert from 'node:assert/strict';
import { test } from 'node:test';
import { azureRights, listMissingActions } from '../../src/preflight/rights.ts';

const missing = (...actions: string[]): string[] => listMissingActions('group', [{ actions, notActions: [] }]);
const all = missing();
const some = all.filter((action) => action.startsWith('Microsoft.Network/')).length;

test('a role whose actions have many wildcards is judged at once, and as Azure judges it', () => {
  assert.ok(all.length > 10 && azureRights.length >= all.length);
  const startedAt = performance.now();
  for (const pattern of [`${'*'.repeat(2000)}!`, '*a'.repeat(1000), `${'*/'.repeat(500)}x`])
    assert.deepEqual(missing(pattern), all, pattern.slice(0, 20));
  assert.ok(performance.now() - startedAt < 1000);
  assert.deepEqual(missing('*'.repeat(2000)), []);
  assert.equal(missing('microsoft.network/*').length, all.length - some);
  assert.equal(missing('MICROSOFT.NETWORK/**/*').length, all.length - some);
});

test('a wildcard stands for any characters, each character of an action once', () => {
  const [action = ''] = all;
  const covers = (pattern: string): boolean => !missing(pattern).includes(action);
  assert.ok(
    covers(action) && covers(action.toUpperCase()) && covers(`*${action}*`) && covers(`${action.slice(0, 5)}*`),
  );
  assert.ok(covers(`${action.slice(0, 5)}*${action.slice(5)}`), 'no characters at all');
  assert.ok(!covers(`${action.slice(0, 9)}*${action.slice(5)}`), 'the parts would overlap');
  assert.ok(!covers(action.slice(1)) && !covers(action.slice(0, -1)) && !covers('') && !covers(`${action}?`));
  assert.ok(!covers(action.replace('.', '?')), 'nothing else is a wildcard');
});
