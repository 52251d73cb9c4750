/** The file of HEPFLOW_ALLOW: YAML or JSON, whose keys are those of `allowLists`. */
import { readFileSync, statSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Allow, AllowList } from '../contract/allow.ts';
import { type FoundOption, RuleError } from './lookup.ts';
import { listSchemaProblems } from './problems.ts';
import { createListRule, guid, sshSource } from './rules.ts';

const patternOf = (rule: string, shape: RegExp) => z.string(rule).refine((value) => shape.test(value), { error: rule });
const clusterRule =
  'must be /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.ContainerService/' +
  'managedClusters/NAME, where * stands for any characters but /';
const clusterShape =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ContainerService\/managedClusters\/[^/]+$/i;

const list = (entry: z.ZodType<string, string>, what: string) =>
  createListRule(entry, { what, few: 'must name at least one, or be left out', max: 200 }).optional();

const schema = z.strictObject({
  subscriptions: list(guid, 'subscription ids'),
  resourceGroups: list(
    patternOf('must be a resource group name, where * stands for any characters', /^[-\w.()*]{1,90}$/),
    'resource groups',
  ),
  clusters: list(patternOf(clusterRule, clusterShape), 'ARM ids'),
  workloadNamespaces: list(
    patternOf('must be a namespace, where * stands for any characters', /^[-a-z0-9*]{1,63}$/),
    'namespaces',
  ),
  images: list(
    patternOf('must be PUBLISHER:OFFER:SKU:VERSION, where * stands for any characters', /^[^:]+(:[^:]+){3}$/),
    'images',
  ),
  sshSources: list(sshSource, 'CIDRs'),
} satisfies Record<AllowList, z.ZodType>);

/** Throws a RuleError that lists everything that is wrong. */
export function readAllowFile({ value: file }: FoundOption): Allow {
  const parsed = schema.safeParse(contentOf(file), { reportInput: true });
  if (parsed.success) {
    const given = Object.entries(parsed.data).filter(([, list]) => list !== undefined);
    return { file, lists: Object.fromEntries(given) };
  }
  const problems = listSchemaProblems(parsed.error, schema).map(({ field, message }) =>
    `${field} ${message.replace('a field of the run spec', 'one of the lists')}`.trim(),
  );
  throw new RuleError(
    `must hold lists of what is allowed; in ${file}: ${problems.join(' ')}`,
    `Known lists: ${Object.keys(schema.shape).join(', ')}.`,
  );
}

function contentOf(file: string): unknown {
  try {
    if ((statSync(file).mode & 0o022) !== 0)
      throw new RuleError(`must be writable by its owner only; ${file} is not.`, `chmod go-w ${file}`);
    return parse(readFileSync(file, 'utf8')) ?? {};
  } catch (error) {
    if (error instanceof RuleError) throw error;
    throw new RuleError(`cannot be read: ${file}: ${(error as Error).message}.`, 'Name a YAML or JSON file of lists.');
  }
}
