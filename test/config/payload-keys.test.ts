import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inspect } from 'node:util';
import { RuleError } from '../../src/config/lookup.ts';
import { readPayloadKeys } from '../../src/config/payload-keys.ts';
import { resolveWorkerOptions } from '../../src/config/worker-options.ts';

const folder = mkdtempSync(join(tmpdir(), 'hepflow-keys-'));
after(() => rmSync(folder, { recursive: true }));

const [one, two] = [randomBytes(32), randomBytes(32)];
const base64 = (key: Buffer): string => key.toString('base64');
function ring(content: string, mode = 0o600): string {
  const file = join(folder, randomBytes(4).toString('hex'));
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

test('keys are read in their order; comments, empty lines and spaces around are passed over', () => {
  const keys = readPayloadKeys({ value: ring(`# since March\n k2:${base64(two)} \r\n\n2025.q1-a:${base64(one)}\n`) });
  assert.deepEqual(
    keys().map(({ id, key }) => [id, key]),
    [
      ['k2', two],
      ['2025.q1-a', one],
    ],
  );
  assert.ok(!inspect({ keys }, { depth: 9 }).includes(base64(two)), 'printing the options shows no key');
});

const rows: readonly [what: string, file: () => string, says: RegExp][] = [
  ['that others may read', () => ring(`k1:${base64(one)}\n`, 0o640), /has mode 640\. chmod 600/],
  ['that is not there', () => join(folder, 'none'), /ENOENT.*openssl rand -base64 32/],
  ['without a key', () => ring('# nothing\n'), /at least one key/],
  ['with a key twice', () => ring(`k1:${base64(one)}\nk1:${base64(two)}\n`), /line 2 of .* names k1 a second time/],
  [
    'with a key of the wrong length',
    () => ring(`k1:${base64(one.subarray(1))}\n`),
    /line 1 of .* has a key of 31 bytes instead of 32/,
  ],
  ['with a line of another form', () => ring(`${base64(one)}\n`), /line 1 of .* has another form/],
  ['with an id that is none', () => ring(`my key:${base64(one)}\n`), /line 1 of .* has another form/],
];
for (const [what, file, says] of rows) {
  test(`a key ring ${what} is refused with the remedy, and no key is shown`, () => {
    assert.throws(
      () => readPayloadKeys({ value: file() }),
      (error) => {
        assert.ok(error instanceof RuleError);
        const text = `${error.message} ${error.remedy}`;
        assert.match(text, says);
        assert.ok(!text.includes(base64(one)) && !text.includes(base64(one.subarray(1))));
        return true;
      },
    );
  });
}

test('a worker lists a wrong key ring among its problems, by flag and variable; without one nothing is encrypted', () => {
  writeFileSync(join(folder, 'secret'), one, { mode: 0o600 });
  const env = {
    AZURE_TENANT_ID: 't',
    AZURE_CLIENT_ID: 'c',
    AZURE_CLIENT_SECRET: 's',
    HEPFLOW_KEY_SECRET_FILE: join(folder, 'secret'),
  };
  assert.throws(
    () => resolveWorkerOptions({}, { ...env, HEPFLOW_PAYLOAD_KEY: join(folder, 'none') }),
    /HEPFLOW_PAYLOAD_KEY \(--payload-key\) cannot be read/,
  );
  assert.equal(resolveWorkerOptions({}, env).payloadKeys, undefined);
  assert.deepEqual(resolveWorkerOptions({ payloadKey: ring(`k1:${base64(one)}`) }, env).payloadKeys?.(), [
    { id: 'k1', key: one },
  ]);
});
