/** What everybody asks of the registry of kinds. */
import type { Applied } from '../contract/change.ts';
import { HepflowError } from '../contract/failures.ts';
import type { Change } from '../contract/scenario.ts';
import type { StepActivity, Undone } from '../step/context.ts';
import type { ChangeKind } from './kind.ts';
import * as registry from './registry.ts';
import type { AzureRight, KubernetesRight } from './rights.ts';

/** By name, in the order in which a run makes them. */
export const kinds: Readonly<Record<string, ChangeKind>> = Object.fromEntries(
  Object.entries<ChangeKind>(registry).toSorted(([, a], [, b]) => a.rank - b.rank),
);

/** The kind of a change. Fails with InvalidInput. */
export function findKind({ kind }: Pick<Change, 'kind'>): ChangeKind {
  const found = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(kinds).join(', ');
  throw new HepflowError('InvalidInput', `There is no kind of change called ${kind}. Known kinds: ${known}.`);
}

/** What makes changes, by activity type. */
export const listApplies = (): Readonly<Record<string, StepActivity<object, Applied>>> =>
  Object.assign({}, ...Object.values(kinds).map(({ apply }) => apply));

/** What takes changes back, by the undo's name. */
export const listUndos = (): Readonly<Record<string, StepActivity<object, Undone>>> =>
  Object.assign({}, ...Object.values(kinds).map(({ undo }) => undo));

/** Rights of all kinds, each once. */
export const listAzureRights = (): readonly AzureRight[] =>
  listOnce(Object.values(kinds).flatMap(({ rights }) => rights.azure));
export const listKubernetesRights = (): readonly KubernetesRight[] =>
  listOnce(Object.values(kinds).flatMap(({ rights }) => rights.kubernetes));

const listOnce = <T>(all: readonly T[]): readonly T[] => [
  ...new Map(all.map((each) => [JSON.stringify(each), each])).values(),
];
