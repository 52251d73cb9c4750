/** The fields that a run can switch on. */
import type { Calico } from '../../adapters/kubernetes/calico.ts';
import type { KubernetesObject } from '../../adapters/kubernetes/resources.ts';
import type { FieldValue } from '../../contract/change.ts';
import type { ChangedField } from '../changed-field.ts';

export type FieldName = 'autoHostEndpoints' | 'flowLogs';

/** The field on its object, as a run changes it. */
export function openField(name: FieldName, calico: Calico, prior: FieldValue): ChangedField<KubernetesObject> {
  if (name === 'autoHostEndpoints')
    return {
      resource: calico.kubeControllersConfigurations,
      name: 'default',
      what: 'autoCreate of KubeControllersConfiguration default',
      change: { path: ['spec', 'controllers', 'node', 'hostEndpoint', 'autoCreate'], wanted: 'Enabled', prior },
    };
  return {
    resource: calico.felixConfigurations,
    name: 'default',
    what: 'flowLogsEnableHostEndpoint of FelixConfiguration default',
    change: { path: ['spec', 'flowLogsEnableHostEndpoint'], wanted: true, prior },
  };
}
