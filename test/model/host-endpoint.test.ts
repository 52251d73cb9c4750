import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePolicySelector } from '../../src/model/host-endpoint.ts';

/** Of an automatic host endpoint. */
const labels = {
  'kubernetes.io/os': 'linux',
  role: 'gateway',
  'projectcalico.org/created-by': 'calico-kube-controllers',
};

/** What genuine Calico 3.32.1 did to the kubelet's port of a node: silent means that the policy selects it. */
const seen: readonly (readonly [spec: Parameters<typeof parsePolicySelector>[0], isSelected: boolean])[] = [
  [{ namespaceSelector: "projectcalico.org/name not in {'kube-system'}" }, true],
  [{ namespaceSelector: '!has(team)' }, true],
  [{ namespaceSelector: 'global()' }, true],
  [{ serviceAccountSelector: '!has(role)' }, true],
  [{ namespaceSelector: "projectcalico.org/name in {'kube-system'}" }, false],
  [{ namespaceSelector: 'all()' }, false],
  [{ selector: 'all()', namespaceSelector: "projectcalico.org/name not in {'kube-system'}" }, false],
  [{ selector: 'all()', serviceAccountSelector: "role == 'x'" }, false],
  [{ selector: 'all()' }, true],
];

/** What follows from the same rule. */
const derived: typeof seen = [
  [{}, true],
  [{ selector: '' }, true],
  [{ selector: "role == 'gateway'", namespaceSelector: "projectcalico.org/name != 'kube-system'" }, true],
  [{ selector: "role == 'other'", namespaceSelector: "projectcalico.org/name != 'kube-system'" }, false],
  [{ selector: 'all()', serviceAccountSelector: '!has(role)' }, false],
  [{ serviceAccountSelector: "role == 'x'" }, false],
  [{ serviceAccountSelector: 'all()' }, false],
  [{ namespaceSelector: '!has(team)', serviceAccountSelector: '!has(role)' }, true],
  [{ namespaceSelector: '!has(team)', serviceAccountSelector: 'has(role)' }, false],
  [{ namespaceSelector: '!all()' }, true],
];

describe('a policy selects an automatic host endpoint as genuine Calico does', () => {
  for (const [spec, isSelected] of [...seen, ...derived])
    test(`${JSON.stringify(spec)}: ${isSelected ? 'it does' : 'it does not'}`, () => {
      assert.equal(parsePolicySelector(spec)(labels), isSelected);
    });
});

test('a selector that is none is refused, whichever of the three it is', () => {
  for (const name of ['selector', 'namespaceSelector', 'serviceAccountSelector'])
    assert.throws(() => parsePolicySelector({ [name]: 'role = x' }), { name: 'SelectorError' });
});
