import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What kube-apiserver's audit log keeps: what the worker's user creates. */
export const auditing = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    {
      level: 'Metadata',
      users: ['hepflow-worker'],
      verbs: ['create'],
      resources: [
        { group: '', resources: ['services'] },
        ...['projectcalico.org', 'crd.projectcalico.org'].map((group) => ({
          group,
          resources: ['globalnetworkpolicies'],
        })),
      ],
    },
    { level: 'None' },
  ],
} as const;

export const locateAuditLog = (directory: string): string => join(directory, 'audit.log');

interface AuditEvent {
  readonly objectRef?: { readonly resource: string; readonly namespace?: string };
  readonly responseStatus?: { readonly code?: number };
}

/** Accepted creations of an audit log, as `<resource> <namespace>`, in order. No log: none. */
export async function readCreations(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter(({ responseStatus }) => responseStatus?.code === 201)
    .map(({ objectRef }) => `${objectRef?.resource} ${objectRef?.namespace ?? ''}`.trim());
}
