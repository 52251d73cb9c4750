/** What everybody asks of the registry of vantages. */
import type { Applied } from '../contract/change.ts';
import { HepflowError } from '../contract/failures.ts';
import type { StepActivity } from '../step/context.ts';
import type { VantageKind } from './kind.ts';
import type { AskWitnesses } from './port.ts';
import * as registry from './registry.ts';

export const vantageKinds: Readonly<Record<string, VantageKind>> = { ...registry };

const find = (kind: string): VantageKind | undefined =>
  Object.hasOwn(vantageKinds, kind) ? vantageKinds[kind] : undefined;

/** Fails with InvalidInput. */
export function findVantageKind(kind: string): VantageKind {
  const found = find(kind);
  if (found !== undefined) return found;
  const known = Object.keys(vantageKinds).join(', ');
  throw new HepflowError('InvalidInput', `There is no kind of vantage called ${kind}. Known kinds: ${known}.`);
}

/** Undefined: this worker does not know the kind. */
export const findWitnesses = (kind: string): AskWitnesses | undefined => find(kind)?.askWitnesses;

/** Steps of all kinds, by activity type. */
export const listVantageSteps = (): Readonly<Record<string, StepActivity<object, Applied>>> =>
  Object.assign({}, ...Object.values(vantageKinds).map(({ steps }) => steps));
