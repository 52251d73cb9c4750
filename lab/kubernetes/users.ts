import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cluster } from '../scope.ts';

/** The users of the lab's API server: name and groups, as Kubernetes' own role bindings expect them. */
const identities = {
  admin: { name: 'admin', groups: ['system:masters'] },
  /** Real clusters give each controller a service account of its own; here they share one. */
  kcm: { name: 'system:kube-controller-manager', groups: ['system:masters'] },
  'kube-proxy': { name: 'system:kube-proxy', groups: [] },
  kubelet: { name: 'system:lab:kubelet', groups: ['system:masters'] },
  calico: { name: 'system:lab:calico', groups: ['system:masters'] },
  /** Bound to the shipped ClusterRole only. */
  'hepflow-worker': { name: 'hepflow-worker', groups: [] },
} as const;

export type User = keyof typeof identities;

/** The users with their bearer tokens, new for every lab. */
export interface Users {
  /** For kube-apiserver's `--token-auth-file`. */
  readonly tokenFile: string;
  readonly tokens: Readonly<Record<User, string>>;
}

export function createUsers(directory: string): Users {
  const users = Object.keys(identities) as User[];
  const tokens = Object.fromEntries(users.map((user) => [user, randomBytes(24).toString('hex')])) as Record<
    User,
    string
  >;
  const tokenFile = join(directory, 'tokens.csv');
  const lines = users.map(
    (user, index) => `${tokens[user]},${identities[user].name},${index + 1},"${identities[user].groups.join(',')}"\n`,
  );
  writeFileSync(tokenFile, lines.join(''), { mode: 0o600 });
  return { tokenFile, tokens };
}

/** A kubeconfig (JSON, which is YAML) as `az aks get-credentials` lays it out: context named after the cluster. */
export function formatKubeconfig(server: string, caPem: string, user: User, token: string): string {
  const account = `${identities[user].name}_${cluster.resourceGroup}_${cluster.name}`;
  return JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: cluster.name,
          cluster: { server, 'certificate-authority-data': Buffer.from(caPem).toString('base64') },
        },
      ],
      users: [{ name: account, user: { token } }],
      contexts: [{ name: cluster.name, context: { cluster: cluster.name, user: account } }],
      'current-context': cluster.name,
    },
    null,
    2,
  );
}
