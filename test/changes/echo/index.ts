/**
 * A kind of change that src/ does not have: a ConfigMap with a text. The test of a new kind copies it into a copy of
 * src/.
 */
import type { Cluster } from '../../../src/adapters/kubernetes/index.ts';
import { configMaps } from '../../../src/adapters/kubernetes/resources.ts';
import { deleteObject, describeObject, isOwned, leaveAlone, traceObject } from '../../../src/changes/cluster-object.ts';
import { defineKind, type UndoDraft } from '../../../src/changes/kind.ts';
import { writeLimits } from '../../../src/changes/limits.ts';
import { listVerbs } from '../../../src/changes/rights.ts';
import { createObjectMarks } from '../../../src/ownership/marks.ts';

interface EchoInput {
  readonly namespace: string;
  readonly text: string;
}

export interface EchoChange extends EchoInput {
  readonly kind: 'echo';
  readonly [field: string]: unknown;
}

const name = 'echo';
const locate = (namespace: string) => describeObject(configMaps, { namespace, name });
const find = (cluster: Cluster, namespace: string) => cluster.find(configMaps, name, namespace);

export const echo = defineKind<EchoChange>({
  rank: 50,
  readPrior: async ({ namespace }, cluster) => ((await find(cluster, namespace)) === undefined ? null : 'there'),
  plan: ({ namespace, text }, _at, prior) => ({
    step: 'writeEcho',
    subject: namespace,
    input: { namespace, text } satisfies EchoInput,
    words: `The text ${text} in namespace ${namespace}, where ${prior === null ? 'none' : 'one'} was before`,
    limits: writeLimits,
    undo: planUndo(namespace),
  }),
  apply: {
    writeEcho: async ({ namespace, text }: EchoInput, tools, { run }) => {
      const cluster = await tools.clusters.of(run.cluster);
      const metadata = { name, namespace, ...createObjectMarks(run, locate(namespace), tools.signer) };
      await cluster.createOrFind(
        configMaps,
        name,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text } },
        namespace,
      );
      return { found: text };
    },
  },
  undo: {
    eraseEcho: async ({ namespace }: { readonly namespace: string }, tools, context) => {
      const cluster = await tools.clusters.of(context.run.cluster);
      const found = await find(cluster, namespace);
      if (found === undefined) return { outcome: 'nothing', detail: 'There is no echo.' };
      if (!isOwned(found, locate(namespace), tools, context)) return leaveAlone('The echo', [found], context);
      await deleteObject(cluster, context, configMaps, found);
      return { outcome: 'done', detail: 'The echo is gone.' };
    },
  },
  traces: {
    inCluster: async (look) =>
      (await look.listLabelled(configMaps)).flatMap((found) => {
        const { namespace = '' } = found.metadata;
        const trace = { what: `echo in ${namespace}`, id: `ConfigMap/${namespace}/${name}`, undo: planUndo(namespace) };
        return traceObject(found, trace, describeObject(configMaps, found.metadata), look);
      }),
  },
  rights: {
    azure: [],
    kubernetes: listVerbs(['create', 'delete'], { group: '', resource: 'configmaps', inNamespace: true }),
  },
});

const planUndo = (namespace: string): UndoDraft => ({
  undo: 'eraseEcho',
  input: { namespace },
  subject: namespace,
  command: `kubectl delete configmap --namespace ${namespace} ${name}`,
  moment: null,
});
