import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Authority } from '../certificates.ts';
import { addresses, type LabScope } from '../scope.ts';
import { auditing, locateAuditLog } from './audit.ts';
import type { Users } from './users.ts';

export type ServerName = 'etcd' | 'kube-apiserver';
export type ControlPlanePrograms = Readonly<Record<ServerName, string>>;

/** What the two servers are started with. */
export interface Servers {
  readonly scope: LabScope;
  readonly authority: Authority;
  readonly programs: ControlPlanePrograms;
  readonly directory: string;
  readonly certificate: { readonly certFile: string; readonly keyFile: string };
  readonly users: Users;
  readonly ports: Readonly<Record<'etcd' | 'etcdPeer' | 'apiServer', number>>;
}

export function buildEtcdCommand({ programs, directory, ports }: Servers): [string, ...string[]] {
  const client = `http://127.0.0.1:${ports.etcd}`;
  const peer = `http://127.0.0.1:${ports.etcdPeer}`;
  return [
    programs.etcd,
    ...['--data-dir', join(directory, `etcd-${ports.etcd}`), '--unsafe-no-fsync', '--log-level', 'warn'],
    ...['--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
  ];
}

export function buildApiServerCommand({
  programs,
  directory,
  certificate,
  users,
  ports,
}: Servers): [string, ...string[]] {
  const serviceAccountKey = join(directory, 'service-account.key');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(serviceAccountKey, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
  const auditPolicy = join(directory, 'audit-policy.json');
  writeFileSync(auditPolicy, JSON.stringify(auditing));
  return [
    programs['kube-apiserver'],
    ...['--etcd-servers', `http://127.0.0.1:${ports.etcd}`],
    ...['--bind-address', '127.0.0.1', '--secure-port', String(ports.apiServer)],
    ...[
      '--tls-cert-file',
      certificate.certFile,
      '--tls-private-key-file',
      certificate.keyFile,
      '--cert-dir',
      directory,
    ],
    ...['--service-account-issuer', 'https://kubernetes.default.svc'],
    ...['--service-account-signing-key-file', serviceAccountKey, '--service-account-key-file', serviceAccountKey],
    ...['--service-cluster-ip-range', addresses.serviceCidr],
    ...['--authorization-mode', 'RBAC', '--token-auth-file', users.tokenFile],
    ...['--audit-policy-file', auditPolicy, '--audit-log-path', locateAuditLog(directory)],
    // Pods here have no service accounts, and no node lifecycle controller would ever take the not-ready taint off.
    ...['--disable-admission-plugins', 'ServiceAccount,TaintNodesByCondition'],
    // The API server is reached through relays, never through the `kubernetes` service, whose endpoint may not be a
    // loopback address.
    ...['--endpoint-reconciler-type', 'none', '--advertise-address', '127.0.0.1'],
  ];
}
