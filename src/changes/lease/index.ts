/** The lease that lets one run at a time change the cluster. */

import { type Lease, leases } from '../../adapters/kubernetes/resources.ts';
import { HepflowError } from '../../contract/failures.ts';
import { formCommand } from '../../contract/shell.ts';
import { clusterLease, readHolder, takenOverAnnotation } from '../../ownership/holder.ts';
import { deleteObject, traceObject } from '../cluster-object.ts';
import { type ClusterLook, defineKind, type Trace, type UndoDraft } from '../kind.ts';
import { writeLimits } from '../limits.ts';
import { listVerbs } from '../rights.ts';
import { createLeaseBody, createTakeOverPatch, markedLease } from './body.ts';
import { findObstacle } from './obstacle.ts';

interface LeaseInput {
  /** `<Temporal namespace>/<workflow id>/<first run id>`. */
  readonly holder: string;
}

export interface LeaseChange extends LeaseInput {
  readonly kind: 'lease';
  readonly [field: string]: unknown;
}

const { name, namespace } = clusterLease;
const what = `Lease ${name} in namespace ${namespace}`;

export const lease = defineKind<LeaseChange>({
  rank: 0,
  plan: ({ holder }) => ({
    step: 'holdCluster',
    subject: '',
    input: { holder },
    words: 'A lease in the cluster, so that no other run changes it',
    limits: writeLimits,
    undo: planUndo(holder),
  }),
  apply: {
    holdCluster: async ({ holder }: LeaseInput, tools, { run }) => {
      const cluster = await tools.clusters.of(run.cluster);
      const body = createLeaseBody(run, tools.signer, holder, new Date());
      const found =
        (await cluster.find(leases, name, namespace)) ??
        (await cluster.createOrFind<Lease>(leases, name, body, namespace)).object;
      if (found.spec?.holderIdentity === holder) return describeHeld(found);
      const obstacle = await findObstacle(found, tools.temporal);
      if (obstacle !== undefined) throw new HepflowError('ClusterHeld', obstacle);
      // Onto the version that was read: of two runs that find the same holder over, one gets it.
      const patch = createTakeOverPatch(found, run, tools.signer, holder, new Date());
      return describeHeld(await cluster.patchMerge(leases, name, patch, namespace));
    },
  },
  undo: {
    releaseCluster: async ({ holder }: LeaseInput, tools, context) => {
      const cluster = await tools.clusters.of(context.run.cluster);
      const found = await cluster.find(leases, name, namespace);
      if (found === undefined) return { outcome: 'nothing', detail: `${what} does not exist.`, isAbsent: true };
      const current = found.spec?.holderIdentity;
      if (current !== holder) {
        const detail = `${what} is held by ${current ?? 'nobody'}, not by this run; left alone.`;
        return { outcome: 'nothing', detail };
      }
      await deleteObject(cluster, context, leases, found);
      return { outcome: 'done', detail: `${what} is gone.` };
    },
  },
  traces: {
    inCluster: async (look) =>
      (await look.findOne(leases, name, namespace)).flatMap((found) => traceLease(found, look)),
  },
  rights: {
    azure: [],
    kubernetes: [
      // An object that does not exist yet has no name that a role could allow.
      ...listVerbs(['create'], { group: 'coordination.k8s.io', resource: 'leases', namespace }),
      ...listVerbs(['get', 'patch', 'delete'], { group: 'coordination.k8s.io', resource: 'leases', ...clusterLease }),
    ],
  },
});

/**
 * Also what a second try finds: the predecessor is on the lease, so that its name is not lost with the first try (W9).
 */
function describeHeld({ metadata, spec }: Lease) {
  const since = spec?.acquireTime ?? '';
  const before = metadata.annotations?.[takenOverAnnotation];
  if (before === undefined) return { found: `held since ${since}` };
  const holder = `${before}, a run that is over without having released it`;
  const warning = `The cluster was still held by ${holder}; this run took over.`;
  return { found: `held since ${since}; taken over from ${before}`, warnings: [warning] };
}

/** Also tells in which Temporal namespace its run is. */
function traceLease(found: Lease, look: ClusterLook): Trace[] {
  const { holderIdentity = '' } = found.spec ?? {};
  const holder = readHolder(holderIdentity);
  if (holder === undefined) return [];
  const trace = { what, id: `Lease/${namespace}/${name}`, undo: planUndo(holderIdentity) };
  return traceObject(found, trace, markedLease, look).map((traced) => ({ ...traced, namespace: holder.namespace }));
}

const planUndo = (holder: string): UndoDraft => ({
  undo: 'releaseCluster',
  input: { holder } satisfies LeaseInput,
  subject: `lease ${namespace}/${name}`,
  command: formCommand('kubectl', 'delete', 'lease', '--namespace', namespace, name),
  moment: null,
});
