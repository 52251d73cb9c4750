import { listCalicoVerbs } from '../rights.ts';

export const calicoRights = [
  ...listCalicoVerbs(['get', 'patch'], { resource: 'kubecontrollersconfigurations', name: 'default' }),
  ...listCalicoVerbs(['patch'], { resource: 'felixconfigurations', name: 'default' }),
  ...listCalicoVerbs(['list'], { resource: 'hostendpoints' }),
];
