import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flavours } from '../../../lab/calico/flavours.ts';
import { hideMetadata, revealMetadata } from '../../../lab/calico/metadata.ts';
import type { Metadata } from '../../../lab/calico/objects.ts';

const object: { readonly metadata: Metadata } = {
  metadata: {
    name: 'node-1-auto-hep',
    labels: { 'kubernetes.io/os': 'linux', 'projectcalico.org/created-by': 'calico-kube-controllers' },
    annotations: { 'hepflow.io/changed': '{}', 'projectcalico.org/x': 'y' },
  },
};

test("Calico's storage shows labels and annotations of Calico's own, and hides the others in an annotation", () => {
  const { labels, annotations } = hideMetadata(object).metadata;
  assert.deepEqual(labels, { 'projectcalico.org/created-by': 'calico-kube-controllers' });
  assert.deepEqual(Object.keys(annotations ?? {}), ['projectcalico.org/x', 'projectcalico.org/metadata']);
  assert.deepEqual(JSON.parse(annotations?.['projectcalico.org/metadata'] ?? ''), {
    labels: object.metadata.labels,
    annotations: object.metadata.annotations,
  });
});

test('what was hidden is read as it was, and hiding it again changes nothing', () => {
  const hidden = hideMetadata(object);
  assert.deepEqual(revealMetadata(hidden), object);
  assert.deepEqual(hideMetadata(revealMetadata(hidden)), hidden);
  assert.equal(revealMetadata(object), object);
});

test('flavours that AKS has serve the storage alone', () => {
  for (const [name, { api }] of Object.entries(flavours))
    assert.equal(api.group, name.startsWith('aks') ? 'crd.projectcalico.org' : 'projectcalico.org');
});
