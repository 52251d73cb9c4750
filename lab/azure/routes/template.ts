import * as z from 'zod';
import { createArmError, type ErrorBody } from '../arm/errors.ts';
import { formatIssues } from '../arm/issues.ts';
import { normalizeId } from '../arm/store.ts';
import { resourceTypes } from '../resources/index.ts';
import type { ResourceType } from '../resources/type.ts';

/** A resource of a template, its place known and its values final. */
export interface Planned {
  readonly type: ResourceType;
  readonly id: string;
  /** Last segment of the name. */
  readonly name: string;
  readonly body: object;
  /** Lower-case ids of the planned resources that come before it. */
  readonly after: readonly string[];
}

const parameterValues = z.record(z.string(), z.looseObject({ value: z.unknown().optional() }));
const templateBody = z.looseObject({
  contentVersion: z.string(),
  parameters: z
    .record(z.string(), z.looseObject({ type: z.string(), defaultValue: z.unknown().optional() }))
    .default({}),
  resources: z.array(
    z.looseObject({
      type: z.string(),
      apiVersion: z.string(),
      name: z.string(),
      dependsOn: z.array(z.string()).nullish(),
    }),
  ),
  outputs: z.record(z.string(), z.unknown()).nullish(),
});
const deploymentBody = z.looseObject({
  properties: z.looseObject({
    mode: z
      .string()
      .refine((mode) => mode.toLowerCase() === 'incremental', { error: 'the lab deploys Incremental only' }),
    template: templateBody,
    parameters: parameterValues.nullish(),
  }),
});

/**
 * Reads a deployment's body: an inline template with plain values; of the template language only `[parameters('name')]`
 * as a whole value. `groupId` is the resource group that it is deployed to. Throws InvalidRequestContent,
 * InvalidTemplate or InvalidResourceType.
 */
export function readPlan(rawBody: unknown, groupId: string): Planned[] {
  const parsed = deploymentBody.safeParse(rawBody);
  if (!parsed.success)
    throw createArmError('InvalidRequestContent', {
      text: formatIssues(parsed.error),
    });
  const { template, parameters } = parsed.data.properties;
  const parameterOf = (name: string): unknown => {
    const declared = Object.entries(template.parameters).find(([each]) => normalizeId(each) === normalizeId(name))?.[1];
    if (declared === undefined) return refuseTemplate(`the template parameter '${name}' is not declared`);
    const given = Object.entries(parameters ?? {}).find(([each]) => normalizeId(each) === normalizeId(name))?.[1];
    const value = given === undefined ? declared.defaultValue : given.value;
    return value === undefined
      ? refuseTemplate(`the value for the template parameter '${name}' is not provided`)
      : value;
  };
  const resources = template.resources.map((resource) => ({ resource, ...locateResource(resource, groupId) }));
  const idOf = (dependency: string): string => {
    const key = normalizeId(dependency);
    const found = resources.filter(
      ({ id, resource }) =>
        normalizeId(id) === key ||
        normalizeId(formatRelativeId(resource)) === key ||
        normalizeId(resource.name) === key,
    );
    const [only, another] = found;
    if (only === undefined || another !== undefined)
      return refuseTemplate(`the resource '${dependency}' is not defined in the template`);
    return normalizeId(only.id);
  };
  return resources.map(({ resource, ...place }) => {
    const { dependsOn, type: _type, name: _name, apiVersion: _version, ...body } = resource;
    return { ...place, body: evaluate(body, parameterOf) as object, after: (dependsOn ?? []).map(idOf) };
  });
}

/** Groups resources into waves: each needs only those of earlier waves. Throws InvalidTemplate on a cycle. */
export function groupIntoWaves(plan: readonly Planned[]): Planned[][] {
  const waves: Planned[][] = [];
  const done = new Set<string>();
  while (done.size < plan.length) {
    const ready = plan.filter(({ id, after }) => !done.has(normalizeId(id)) && after.every((each) => done.has(each)));
    if (ready.length === 0) return refuseTemplate('circular dependency detected, or two resources of one name');
    waves.push(ready);
    for (const { id } of ready) done.add(normalizeId(id));
  }
  return waves;
}

interface Named {
  readonly type: string;
  readonly name: string;
}

function locateResource({ type: typeName, name }: Named, groupId: string): Pick<Planned, 'type' | 'id' | 'name'> {
  const type = resourceTypes.find((each) => normalizeId(each.type) === normalizeId(typeName));
  if (type === undefined) throw createArmError('InvalidResourceType', { text: typeName });
  const [, ...segments] = typeName.split('/');
  const names = name.split('/');
  if (names.length !== segments.length)
    return refuseTemplate(`the name '${name}' of a ${typeName} must have ${segments.length} segment(s)`);
  return {
    type,
    id: `${groupId}/providers/${formatRelativeId({ type: type.type, name })}`,
    name: names.at(-1) ?? name,
  };
}

/** `Microsoft.Network/virtualNetworks/net/subnets/sub`. */
function formatRelativeId({ type, name }: Named): string {
  const [provider = '', ...segments] = type.split('/');
  const names = name.split('/');
  return [provider, ...segments.flatMap((segment, at) => [segment, names[at] ?? ''])].join('/');
}

/** Values with parameters filled in, and without nulls: to ARM a null is a value that was not given. */
function evaluate(value: unknown, parameter: (name: string) => unknown): unknown {
  if (typeof value === 'string') return evaluateText(value, parameter);
  if (Array.isArray(value)) return value.map((item) => evaluate(item, parameter));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, inner]) => [name, evaluate(inner, parameter)] as const);
  return Object.fromEntries(members.filter(([, inner]) => inner !== null));
}

function evaluateText(text: string, parameter: (name: string) => unknown): unknown {
  if (!/^\[.*\]$/s.test(text)) return text;
  if (text.startsWith('[[')) return text.slice(1);
  const name = /^\[\s*parameters\(\s*'([^']+)'\s*\)\s*\]$/i.exec(text)?.[1];
  return name === undefined ? refuseTemplate(`the lab does not evaluate the expression '${text}'`) : parameter(name);
}

const refuseTemplate = (text: string): never => {
  throw createArmError('InvalidTemplate', { text });
};

/** The error of a deployment one of whose resources failed. */
export const createDeploymentFailure = (details: readonly ErrorBody[]): Error =>
  createArmError('DeploymentFailed', {}, details);
