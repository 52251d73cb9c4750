/** Answers of Azure and of an API server that have no end: each is given up, with the rule and its value. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { AzureError } from '../../src/adapters/azure/index.ts';
import { createClusters } from '../../src/adapters/kubernetes/index.ts';
import { namespaces } from '../../src/adapters/kubernetes/resources.ts';
import { startFakeArm } from '../adapters/azure/fake-arm.ts';

const group = { subscriptionId: 's', resourceGroup: 'g' };
const id = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v';

describe('Azure Resource Manager', () => {
  test('A list whose nextLink has no end is given up at its limit of pages.', async () => {
    await using arm = await startFakeArm();
    arm.answer(() => ({ status: 200, body: { value: [], nextLink: `${arm.endpoint}/more` } }));
    await assert.rejects(arm.azure().networks.list(group), { code: 'AnswerTooBig', message: /more than 1000 pages/ });
    assert.ok(arm.seen.length <= 1001);
  });

  test('A body that is too big is given up at its limit of bytes.', async () => {
    await using arm = await startFakeArm();
    arm.answer(() => ({ status: 200, text: `{"value":[${' '.repeat(17 * 1024 * 1024)}]}` }));
    const tooBig = { code: 'AnswerTooBig', message: /more than 16777216 bytes/ };
    await assert.rejects(arm.azure().networks.list(group), tooBig);
    await assert.rejects(arm.azure().networks.get(id), tooBig);
  });

  test('The time limit of a request covers its body too.', async () => {
    await using arm = await startFakeArm();
    arm.answer(() => ({ status: 200, text: '{', headers: { 'content-length': '1000' } }));
    const late = { code: 'ConnectionFailed', message: /no answer within 300 ms/ };
    await assert.rejects(arm.azure({ requestTimeoutMs: 300 }).networks.get(id), late);
    arm.answer(() => ({ status: 200, text: '', headers: { 'content-length': '9', 'content-encoding': 'gzip' } }));
    await assert.rejects(arm.azure({ requestTimeoutMs: 300 }).networks.get(id), late);
  });

  test('An error keeps 20 of its details and 500 characters of each text.', async () => {
    await using arm = await startFakeArm();
    const message = 'x'.repeat(2_000_000);
    const details = Array.from({ length: 5000 }, () => ({ code: 'Deeper', message: 'y'.repeat(600) }));
    arm.answer(() => ({ status: 400, body: { error: { code: 'Refused', message, details } } }));
    await assert.rejects(arm.azure().networks.get(id), (error) => {
      assert.ok(error instanceof AzureError);
      assert.match(error.message, /and 1999550 more characters\)$/);
      assert.equal(error.details.length, 21);
      assert.deepEqual(error.details.at(-1), { code: 'More', message: 'and 4980 more' });
      assert.ok(JSON.stringify(error).length + error.message.length < 21 * 600);
      assert.ok(error.cause instanceof Error && `${error.cause.message}${error.cause.stack}`.length < 10_000);
      return true;
    });
  });
});

describe('an API server', () => {
  test('A list that goes on without end is given up at its limit of pages.', async (t) => {
    const cluster = await clusterAt(t, (_, response) => response.end('{"metadata":{"continue":"more"},"items":[]}'));
    await assert.rejects(cluster.list(namespaces), { reason: 'AnswerTooBig', message: /more than 1000 pages/ });
  });

  test('A body without end is given up at its limit of bytes.', async (t) => {
    const cluster = await clusterAt(t, (_, response) => {
      const chunk = Buffer.alloc(1024 * 1024, ' ');
      const more = (): void => void (response.destroyed || response.write(chunk, more));
      more();
    });
    await assert.rejects(cluster.list(namespaces), { reason: 'AnswerTooBig', message: /more than 16777216 bytes/ });
  });

  test('The time limit of a call covers its body too.', async (t) => {
    const cluster = await clusterAt(t, (_, response) => void response.write('{'), 300);
    await assert.rejects(cluster.list(namespaces), { reason: 'ConnectionFailed', message: /timeout/ });
  });

  test('A redirect is not followed.', async (t) => {
    const asked: string[] = [];
    const cluster = await clusterAt(t, ({ url = '' }, response) => {
      asked.push(url);
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    await assert.rejects(cluster.get(namespaces, 'x'), { reason: 'ConnectionFailed', message: /redirect/ });
    assert.deepEqual(asked, ['/api/v1/namespaces/x']);
  });

  test('An error keeps 20 of its causes and 500 characters of each text.', async (t) => {
    const long = 'x'.repeat(2_000_000);
    const causes = Array.from({ length: 1000 }, () => ({ reason: 'Bad', message: 'y'.repeat(600) }));
    const status = { kind: 'Status', reason: 'Invalid', message: long, details: { name: 'x', causes } };
    const cluster = await clusterAt(t, (_, response) => response.writeHead(422).end(JSON.stringify(status)));
    await assert.rejects(cluster.get(namespaces, 'x'), (error: Error) => {
      assert.match(error.message, /and 1999550 more characters\)$/);
      assert.ok(JSON.stringify(error).length < 21 * 600);
      return true;
    });
  });
});

async function clusterAt(t: TestContext, answer: RequestListener, requestTimeoutMs = 10_000) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = {
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
    clusters: [{ name: 'x', cluster: { server: address, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'x', user: { token: 't' } }],
  };
  const clusters = createClusters({ kubeconfigOf: async () => JSON.stringify(kubeconfig), requestTimeoutMs });
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await clusters.close();
  });
  return clusters.of({ subscriptionId: 's', resourceGroup: 'g', name: 'c' });
}
