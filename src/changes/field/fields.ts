/** The three fields of existing objects that a run changes. */
import {
  type FelixConfiguration,
  felixConfigurations,
  type KubeControllersConfiguration,
  kubeControllersConfigurations,
  type Node,
  nodes,
} from '../../adapters/kubernetes/resources.ts';
import type { ChangedField } from './changed-field.ts';

export function autoCreateField(runId: string, prior: string | null): ChangedField<KubeControllersConfiguration> {
  const path = ['spec', 'controllers', 'node', 'hostEndpoint', 'autoCreate'] as const;
  return {
    resource: kubeControllersConfigurations,
    name: 'default',
    what: 'autoCreate of KubeControllersConfiguration default',
    change: { path, wanted: 'Enabled', prior, runId },
  };
}

export function flowLogsField(runId: string, prior: boolean | null): ChangedField<FelixConfiguration> {
  const path = ['spec', 'flowLogsEnableHostEndpoint'] as const;
  return {
    resource: felixConfigurations,
    name: 'default',
    what: 'flowLogsEnableHostEndpoint of FelixConfiguration default',
    change: { path, wanted: true, prior, runId },
  };
}

export function labelField(
  runId: string,
  label: { readonly node: string; readonly key: string; readonly written: string; readonly prior: string | null },
): ChangedField<Node> {
  const { node, key, written, prior } = label;
  return {
    resource: nodes,
    name: node,
    what: `Label ${key} of node ${node}`,
    change: { path: ['metadata', 'labels', key], wanted: written, prior, runId },
  };
}
