import { z } from 'zod';
import { HepflowError, type Problem } from '../contract/failures.ts';
import type { Mission } from '../contract/mission.ts';
import { limitProblems, listSchemaProblems, refuseVastSpec } from './problems.ts';
import * as rule from './rules.ts';

const minute = 60_000;

/** NodePorts of a Kubernetes API server that was not told otherwise; AKS cannot be told otherwise. */
const nodePorts = { min: 30_000, max: 32_767 };

/** A part of the spec whose fields all have defaults: it may be left out as a whole. */
const part = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape).prefault({} as z.input<z.ZodObject<Shape, z.core.$strict>>);

/** Fields in the order of the examples; defaults are the workshop's. */
const schema = z.strictObject({
  subscriptionId: rule.guid,
  resourceGroup: rule.resourceGroupName,
  cluster: rule.clusterName,
  workload: part({
    namespace: rule.dnsLabel.default('default'),
    deployment: rule.dnsName.default('frontend'),
    serviceName: rule.serviceName.default('frontend-nodeport'),
    port: rule.port.default(80),
    targetPort: rule.port.default(8080),
    nodePort: rule
      .createWholeRule(
        `must be a NodePort, a whole number from ${nodePorts.min} to ${nodePorts.max}`,
        nodePorts.min,
        nodePorts.max,
      )
      .default(30_080),
  }),
  label: part({ key: rule.labelKey.default('host-end-point'), value: rule.labelValue.default('test') }),
  nodes: z
    .custom<string[]>(Array.isArray, { error: 'must be a list of node names', abort: true })
    .refine((nodes) => nodes.length <= 2, { error: 'must name exactly two different nodes, or none', abort: true })
    .pipe(z.array(rule.dnsName))
    .refine((nodes) => nodes.length === 0 || (nodes.length === 2 && nodes[0] !== nodes[1]), {
      error: 'must name exactly two different nodes, or none',
      params: { remedy: 'Leave it out to take the first two ready Linux nodes: kubectl get nodes.' },
    })
    .default([]),
  vm: part({
    resourceGroup: rule.resourceGroupName.optional(),
    addressSpace: rule.privateCidr.default('192.168.0.0/16'),
    subnet: rule.privateCidr.default('192.168.1.0/24'),
    sizes: rule
      .createListRule(rule.vmSize, { what: 'VM sizes', few: 'must name at least one VM size', max: 20 })
      .default(['Standard_B2ts_v2', 'Standard_B2ats_v2', 'Standard_B1s']),
    image: part({
      publisher: rule.imageField.default('Canonical'),
      offer: rule.imageField.default('ubuntu-24_04-lts'),
      sku: rule.imageField.default('server'),
      version: rule.imageField.default('latest'),
    }),
    adminUser: rule.adminUser.default('azureuser'),
    allowedSshSources: rule
      .createListRule(rule.sshSource, {
        what: 'CIDRs',
        few: 'must name at least one source, or SSH could not get in',
        max: 100,
      })
      .default(['*']),
    tags: rule.tags.default({}),
  }),
  policy: part({
    name: rule.dnsName.default('frontend-nodeport-access'),
    tier: rule.dnsLabel.default('default'),
    order: z.number('must be a number').default(100),
  }),
  secondNode: part({
    when: z.enum(['on-signal', 'always', 'never'], 'must be on-signal, always or never').default('on-signal'),
    waitMs: rule.createDurationRule().default(15 * minute),
  }),
  cleanup: part({
    when: z.enum(['always', 'on-success', 'on-signal'], 'must be always, on-success or on-signal').default('always'),
    waitMs: rule.createDurationRule().default(60 * minute),
  }),
  probe: part({
    connections: rule
      .createWholeRule('must be a whole number from 3 to 20: a verdict rests on at least 3 connections', 3, 20)
      .default(3),
    timeoutMs: rule
      .createWholeRule('must be whole milliseconds from 3000 to 60000: silence counts from 3 s on', 3000, minute)
      .default(3000),
    convergenceMs: rule.createDurationRule(1, 10 * minute).default(30_000),
    controlPort: rule.port.default(10_250),
    soakMs: rule.createDurationRule(0, 5 * minute).default(0),
  }),
});

/**
 * Fills in every default of a run spec. Keys `$comment` and `$schema` are dropped at every level, so that a JSON file
 * can be commented.
 * Throws HepflowError `InvalidInput` whose problems are all that is wrong, never only the first.
 */
export function resolveMission(spec: unknown): Mission {
  refuseVastSpec(spec);
  const given = withoutComments(spec);
  const parsed = schema.safeParse(given, { reportInput: true });
  const problems = limitProblems([
    ...(parsed.success ? [] : listSchemaProblems(parsed.error, schema)),
    ...betweenFields(given),
  ]);
  if (parsed.success && problems.length === 0) {
    const { vm, ...rest } = parsed.data;
    return { ...rest, vm: { ...vm, resourceGroup: vm.resourceGroup ?? rest.resourceGroup } };
  }
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  throw new HepflowError(
    'InvalidInput',
    `The run spec has ${count}: ${problems.map((each) => `${each.field} ${each.message}`.trim()).join(' ')}`,
    {
      problems,
    },
  );
}

/** Rules between two fields; each is judged where both are right by themselves, whatever else is wrong. */
function betweenFields(spec: unknown): Problem[] {
  const problems: Problem[] = [];
  const [addressSpace, subnet] = [
    valueAt(spec, schema.shape.vm, 'vm', 'addressSpace'),
    valueAt(spec, schema.shape.vm, 'vm', 'subnet'),
  ];
  if (typeof addressSpace === 'string' && typeof subnet === 'string' && !rule.isWithin(subnet, addressSpace)) {
    const message = `must lie within vm.addressSpace, ${addressSpace}; got ${JSON.stringify(subnet)}.`;
    problems.push({
      code: 'InvalidInput',
      field: 'vm.subnet',
      message,
      remedy: 'Set vm.addressSpace and vm.subnet together.',
    });
  }
  const controlPort = valueAt(spec, schema.shape.probe, 'probe', 'controlPort');
  if (controlPort !== undefined && controlPort === valueAt(spec, schema.shape.workload, 'workload', 'nodePort')) {
    const message = `must not be workload.nodePort, which the policy denies; got ${controlPort}.`;
    problems.push({
      code: 'InvalidInput',
      field: 'probe.controlPort',
      message,
      remedy: 'Name another port that every node listens on, such as 10250 (kubelet).',
    });
  }
  return problems;
}

/** One field as given or by its default; undefined when it is wrong by itself. */
function valueAt(spec: unknown, partSchema: z.ZodPrefault<z.ZodObject>, part: string, field: string): unknown {
  const within = (spec as Record<string, Record<string, unknown> | undefined> | null | undefined)?.[part];
  if (within !== undefined && (typeof within !== 'object' || within === null)) return undefined;
  const fieldSchema = partSchema.unwrap().shape[field] as z.ZodType;
  return fieldSchema.safeParse(within?.[field]).data;
}

/** No field lies deeper than 4 levels; what does is wrong whatever it holds, and must not exhaust the stack. */
const deepestLevel = 8;

function withoutComments(value: unknown, level = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (level > deepestLevel) return '...';
  if (Array.isArray(value)) return value.map((inner) => withoutComments(inner, level + 1));
  const entries = Object.entries(value).filter(([key]) => key !== '$comment' && key !== '$schema');
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutComments(inner, level + 1)]));
}
