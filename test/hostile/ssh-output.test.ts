/** What a command prints costs time in its length alone, and ends the session where it is too much. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitLines } from '../../src/adapters/ssh/execute.ts';

test('packets of one byte cost as many looks as there are characters', (t) => {
  let looks = 0;
  const { indexOf } = String.prototype;
  t.mock.method(String.prototype, 'indexOf', function (this: string, wanted: string, from = 0): number {
    const found = indexOf.call(this, wanted, from);
    looks += (found === -1 ? this.length : found + 1) - from;
    return found;
  });
  const told: number[] = [];
  const take = splitLines(
    (line) => void told.push(line.length),
    (why) => assert.fail(why),
  );
  const length = 10_000;
  for (let count = 0; count < length; count += 1) take('x');
  take('\nshort\nlast');
  take('\n');
  assert.deepEqual(told, [length, 5, 4]);
  assert.equal(looks, length + 1 + 6 + 4 + 1);
});

test('a line without end is refused, and so is one byte more than it may have', () => {
  const refused: string[] = [];
  const take = splitLines(
    () => assert.fail('no line ended'),
    (why) => void refused.push(why),
  );
  for (let kib = 0; kib < 256; kib += 1) take('x'.repeat(1024));
  assert.deepEqual(refused, []);
  take('x');
  assert.deepEqual(refused, ['it printed a line of more than 262144 characters']);
});
