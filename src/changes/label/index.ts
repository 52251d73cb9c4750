/** A label on a node, which Calico copies to the node's automatic host endpoint: policies select by it. */
import { nodes } from '../../adapters/kubernetes/resources.ts';
import { HepflowError } from '../../contract/failures.ts';
import type { CalicoApi } from '../../contract/report.ts';
import { changeField, restoreField } from '../changed-field.ts';
import { defineKind } from '../kind.ts';
import { minute } from '../limits.ts';
import { listCalicoVerbs, listVerbs } from '../rights.ts';
import { waitForHostEndpoint } from './host-endpoint.ts';
import { createMoment, describeLabel, type LabelInput, locateLabel, planUndo } from './plan.ts';
import { traceLabel } from './traces.ts';

export interface LabelChange {
  readonly kind: 'label';
  /** Number of the node, counted from 0. */
  readonly node: number;
  readonly key: string;
  readonly value: string;
  readonly [field: string]: unknown;
}

interface LabelApplyInput extends LabelInput {
  readonly calico: CalicoApi;
}

export const label = defineKind<LabelChange>({
  rank: 40,
  readPrior: async ({ node, key }, cluster, { site }) => {
    const labels = (await cluster.find(nodes, site.nodes[node]?.name ?? ''))?.metadata.labels ?? {};
    return Object.hasOwn(labels, key) ? (labels[key] ?? null) : null;
  },
  plan: ({ node, key, value }, { site }, prior) => {
    const name = site.nodes[node]?.name;
    if (name === undefined) throw new HepflowError('NotEnoughNodes', `There is no node ${node} to label.`);
    const input: LabelInput = { node: name, key, written: value, prior: typeof prior === 'string' ? prior : null };
    return {
      step: 'labelNode',
      subject: name,
      input: { calico: site.calico.api, ...input } satisfies LabelApplyInput,
      words: `${describeLabel(input)} on node ${name}`,
      limits: { tryMs: 6 * minute, totalMs: 12 * minute }, // as for auto host endpoints
      undo: planUndo(input),
    };
  },
  apply: {
    labelNode: async ({ calico, ...input }: LabelApplyInput, tools, context) => {
      const cluster = await tools.clusters.of(context.run.cluster);
      const { changed, written } = await changeField(cluster, locateLabel(input), tools, context);
      const { hostEndpoint, reached } = await waitForHostEndpoint(cluster, calico, input, written?.from, context);
      return {
        found: `on ${hostEndpoint} too${changed ? '' : '; was there already'}`,
        moments: [
          ...(written ? [createMoment('labelWritten', input.node, written)] : []),
          ...(reached ? [createMoment('labelOnHostEndpoint', input.node, reached)] : []),
        ],
      };
    },
  },
  undo: {
    restoreLabel: async (input: LabelInput, tools, context) =>
      await restoreField(await tools.clusters.of(context.run.cluster), locateLabel(input), tools, context),
  },
  traces: { inCluster: async (look) => (await look.listAll(nodes)).flatMap((node) => traceLabel(node, look)) },
  rights: {
    azure: [],
    kubernetes: [
      ...listVerbs(['get', 'list', 'patch'], { group: '', resource: 'nodes' }),
      ...listCalicoVerbs(['list'], { resource: 'hostendpoints' }),
    ],
  },
});
