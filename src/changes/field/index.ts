/**
 * A field of an existing object of Calico's that the run switches on: automatic host endpoints, and their flow logs.
 */
import { openCalico } from '../../adapters/kubernetes/calico.ts';
import { readField } from '../../ownership/field-mark.ts';
import { changeField, restoreField } from '../changed-field.ts';
import { defineKind } from '../kind.ts';
import { minute, writeLimits } from '../limits.ts';
import { waitForHostEndpoints, waitUntilHostEndpointsAreGone } from './auto-host-endpoints.ts';
import { type FieldName, openField } from './fields.ts';
import { readFlowLogs } from './flow-logs.ts';
import { type FieldInput, planUndo } from './plan.ts';
import { calicoRights } from './rights.ts';
import { traceAutoCreate, traceFlowLogs } from './traces.ts';

export interface FieldChangeSpec {
  readonly kind: 'field';
  readonly field: FieldName;
  readonly [field: string]: unknown;
}

interface HostEndpointsInput extends FieldInput {
  /** Each of these nodes must get its host endpoint. */
  readonly readyNodes: readonly string[];
}

export const field = defineKind<FieldChangeSpec>({
  rank: 30,
  readPrior: async ({ field: name }, cluster, { site }) => {
    const { resource, name: objectName, change } = openField(name, openCalico(site.calico.api), null);
    const object = await cluster.find(resource, objectName);
    return object === undefined ? null : readField(object, change.path);
  },
  plan: ({ field: name }, { site }, prior) =>
    name === 'autoHostEndpoints'
      ? {
          step: 'enableAutoHostEndpoints',
          subject: '',
          input: { calico: site.calico.api, prior, readyNodes: site.readyNodes } satisfies HostEndpointsInput,
          words: "Calico's automatic host endpoints switched on",
          // a missed event is made good by Calico's resync after 5 minutes
          limits: { tryMs: 6 * minute, totalMs: 12 * minute },
          undo: planUndo(name, { calico: site.calico.api, prior }),
        }
      : {
          step: 'enableFlowLogs',
          subject: '',
          input: { calico: site.calico.api, prior } satisfies FieldInput,
          words: 'Flow logs of host endpoints switched on',
          limits: writeLimits,
          undo: planUndo(name, { calico: site.calico.api, prior }),
        },
  apply: {
    enableAutoHostEndpoints: async ({ calico, prior, readyNodes }: HostEndpointsInput, tools, context) => {
      const cluster = await tools.clusters.of(context.run.cluster);
      const target = openField('autoHostEndpoints', openCalico(calico), prior);
      const { changed } = await changeField(cluster, target, tools, context);
      const hostEndpoints = await waitForHostEndpoints(cluster, calico, readyNodes, context);
      const found = `${hostEndpoints.length} host endpoints${changed ? '' : '; was enabled already'}`;
      return { found, facts: { hostEndpoints } };
    },
    enableFlowLogs: async ({ calico, prior }: FieldInput, tools, context) => {
      const cluster = await tools.clusters.of(context.run.cluster);
      const target = openField('flowLogs', openCalico(calico), prior);
      const { changed } = await changeField(cluster, target, tools, context);
      const hostEndpointFlowLogs = await readFlowLogs(cluster, calico, target, tools, context);
      const isEnabled = hostEndpointFlowLogs === 'enabled';
      const found = isEnabled ? `read back as true${changed ? '' : '; was true already'}` : hostEndpointFlowLogs;
      return { found, facts: { hostEndpointFlowLogs } };
    },
  },
  undo: {
    restoreAutoHostEndpoints: async ({ calico, prior }: FieldInput, tools, context) => {
      const cluster = await tools.clusters.of(context.run.cluster);
      const target = openField('autoHostEndpoints', openCalico(calico), prior);
      const wait = () =>
        prior === 'Enabled' ? Promise.resolve() : waitUntilHostEndpointsAreGone(cluster, calico, context);
      return await restoreField(cluster, target, tools, context, wait);
    },
    restoreFlowLogs: async ({ calico, prior }: FieldInput, tools, context) => {
      const cluster = await tools.clusters.of(context.run.cluster);
      return await restoreField(cluster, openField('flowLogs', openCalico(calico), prior), tools, context);
    },
  },
  traces: {
    inCluster: async (look) => {
      const { felixConfigurations, kubeControllersConfigurations } = look.calico;
      const [felix, controllers] = await Promise.all([
        look.findOne(felixConfigurations, 'default'),
        look.findOne(kubeControllersConfigurations, 'default'),
      ]);
      // As a run undoes them: the field that it changes last comes first.
      return [
        ...felix.flatMap((found) => traceFlowLogs(found, felixConfigurations, look)),
        ...controllers.flatMap((found) => traceAutoCreate(found, kubeControllersConfigurations, look)),
      ];
    },
  },
  rights: { azure: [], kubernetes: calicoRights },
});
