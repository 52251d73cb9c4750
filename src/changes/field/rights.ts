import { calicoGroup } from '../../adapters/kubernetes/calico.ts';
import { listVerbs } from '../rights.ts';

export const calicoRights = [
  ...listVerbs(['get', 'patch'], { group: calicoGroup, resource: 'kubecontrollersconfigurations', name: 'default' }),
  ...listVerbs(['get', 'patch'], { group: calicoGroup, resource: 'felixconfigurations', name: 'default' }),
  ...listVerbs(['list'], { group: calicoGroup, resource: 'hostendpoints' }),
];
