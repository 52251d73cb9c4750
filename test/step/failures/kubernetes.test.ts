import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubernetesError, type StatusDetails } from '../../../src/adapters/kubernetes/error.ts';
import { failures } from '../../../src/contract/failures.ts';
import { classifyKubernetesError } from '../../../src/step/failures/kubernetes.ts';

const causes = (field: string): StatusDetails => ({ causes: [{ field }] });
const nodePort = causes('spec.ports[0].nodePort');

/** status, reason, message, details -> code, retry */
const rows: readonly [number, string, string, StatusDetails, string, string][] = [
  [0, 'ConnectionFailed', 'did not answer', {}, 'KubernetesUnavailable', 'soon'],
  [0, 'Unauthorized', 'plugin failed', {}, 'KubeconfigUnusable', 'never'],
  [401, 'Unauthorized', 'Unauthorized', {}, 'KubeconfigUnusable', 'never'],
  [
    403,
    'Forbidden',
    'nodes is forbidden: User "hepflow-worker" cannot list resource "nodes"',
    {},
    'Forbidden',
    'never',
  ],
  [
    403,
    'Forbidden',
    'admission webhook "validation.gatekeeper.sh" denied the request: no NodePorts',
    {},
    'DeniedByPolicy',
    'never',
  ],
  [403, 'Forbidden', 'services "x" is forbidden: exceeded quota: ports', {}, 'DeniedByPolicy', 'never'],
  [422, 'Invalid', "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no", {}, 'DeniedByPolicy', 'never'],
  [422, 'Invalid', 'Invalid value: 30080: provided port is already allocated', nodePort, 'NodePortTaken', 'never'],
  [
    422,
    'Invalid',
    'Invalid value: 1: provided port is not in the valid range. The range of valid ports is 30000-32767',
    nodePort,
    'NodePortOutOfRange',
    'never',
  ],
  [422, 'Invalid', 'Invalid value', causes('spec.order'), 'KubernetesRefused', 'never'],
  [400, 'BadRequest', 'cannot be handled', {}, 'KubernetesRefused', 'never'],
  [415, 'UnsupportedMediaType', 'strategic merge', {}, 'KubernetesRefused', 'never'],
  [404, 'NotServed', 'not served', { group: 'projectcalico.org' }, 'CalicoApiMissing', 'never'],
  [404, 'NotServed', 'not served', { group: 'crd.projectcalico.org' }, 'CalicoApiMissing', 'never'],
  [503, 'ServiceUnavailable', 'away', { group: 'projectcalico.org' }, 'KubernetesUnavailable', 'soon'],
  [404, 'NotServed', 'not served', { group: 'apps' }, 'NotFound', 'never'],
  [404, 'NotFound', 'not found', { name: 'x' }, 'NotFound', 'never'],
  [409, 'Conflict', 'modified', {}, 'KubernetesBusy', 'soon'],
  [409, 'AlreadyExists', 'exists', {}, 'KubernetesBusy', 'soon'],
  [410, 'Expired', 'continue token too old', {}, 'KubernetesBusy', 'soon'],
  [429, 'TooManyRequests', 'slow down', {}, 'KubernetesBusy', 'soon'],
  [500, 'InternalError', 'oops', {}, 'KubernetesUnavailable', 'soon'],
  [503, 'ServiceUnavailable', 'no endpoints available for service "calico-api"', {}, 'KubernetesUnavailable', 'soon'],
];

for (const [status, reason, message, details, code, retry] of rows) {
  test(`${status} ${reason} (${message}) is ${code}, tried again: ${retry}`, () => {
    const failure = classifyKubernetesError(new KubernetesError(status, reason, message, { details }));
    assert.deepEqual([failure.code, failures[failure.code].retry, failure.message], [code, retry, message]);
  });
}

test('the time that the API server asks for is passed on', () => {
  assert.equal(
    classifyKubernetesError(new KubernetesError(429, 'TooManyRequests', 'slow down', { retryAfterMs: 7000 }))
      .retryAfterMs,
    7000,
  );
});
