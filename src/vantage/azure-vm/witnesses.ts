/** Asks others than the prober about the window of a proof. None of them can fail a step: what cannot be had says why. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Azure, AzureError, accessOf, ownCodes, parseId, routeOf } from '../../adapters/azure/index.ts';
import type { Target } from '../../contract/evidence.ts';
import { isMissing, type Missing } from '../../contract/observation.ts';
import type { ProbeInput, WitnessInput } from '../../contract/steps.ts';
import type { Witnesses } from '../../contract/witnesses.ts';
import type { StepContext, Tools } from '../../step/context.ts';

/** How long a witness may go on once the prober is done, in milliseconds. */
export const latenessMs = 20_000;

/** Before Azure is asked again, where it does not say how long to wait. */
const pauseMs = 1000;

export type AzureWitnesses = Omit<Witnesses, 'deniedPackets'>;
type Asked = Pick<ProbeInput, 'targets'> & WitnessInput;
type Reader = Pick<Azure, 'effective' | 'interfaces' | 'peerings'>;

/** Witnesses that are being asked. */
export interface Hearing {
  /** What they said; who has not is waited for at most so long as `latenessMs`. Never throws; undefined: the phase asks nobody. */
  finish(): Promise<AzureWitnesses | undefined>;
  giveUp(): void;
}

/** Begins at once, so that what they say is about the window that follows; the peerings, which may break within it, are asked once more at its end. */
export function openHearing(
  { targets, witnesses }: Pick<ProbeInput, 'targets' | 'witnesses'>,
  { azure }: Pick<Tools, 'azure'>,
  context: Pick<StepContext, 'signal'>,
  lateMs = latenessMs,
): Hearing {
  const over = new AbortController();
  const giveUp = (): void => over.abort(new Error('it did not answer in time'));
  const asked = witnesses && { targets, ...witnesses };
  const signal = AbortSignal.any([context.signal, over.signal]);
  const said = asked && askAzure(azure, asked, signal);
  return {
    giveUp,
    finish: async () => {
      if (asked === undefined || said === undefined) return undefined;
      const timer = setTimeout(giveUp, lateMs);
      try {
        const [during, later] = await Promise.all([said, askPeerings(azure, asked, signal)]);
        return { ...during, peerings: isMissing(later) || isBroken(during.peerings) ? during.peerings : later };
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Reads them side by side from now on; resolves at the latest when the signal aborts, and never rejects. */
export async function askAzure(
  azure: Reader,
  { targets, interfaceId, peeringIds }: Asked,
  signal: AbortSignal,
): Promise<AzureWitnesses> {
  const [securityRules, routes, peerings] = await Promise.all([
    orMissing(signal, () => securityRulesOf(azure, interfaceId, targets, signal)),
    orMissing(signal, () => routesOf(azure, interfaceId, targets, signal)),
    askPeerings(azure, { peeringIds }, signal),
  ]);
  return { securityRules, routes, peerings };
}

const askPeerings = (
  azure: Reader,
  { peeringIds }: Pick<Asked, 'peeringIds'>,
  signal: AbortSignal,
): Promise<Witnesses['peerings']> => orMissing(signal, () => Promise.all(peeringIds.map((id) => peeringOf(azure, id))));

const isBroken = (peerings: Witnesses['peerings']): boolean =>
  !isMissing(peerings) && peerings.some(({ state }) => state !== 'Connected');

async function securityRulesOf(azure: Reader, interfaceId: string, targets: readonly Target[], signal: AbortSignal) {
  const [nic, groups] = await Promise.all([
    azure.interfaces.get(interfaceId),
    azure.effective.securityGroups(interfaceId, signal),
  ]);
  if (nic === undefined) throw new Error(`There is no interface ${interfaceId}.`);
  return perTarget(targets, ({ address, port }) => accessOf(groups, { from: nic.privateAddress, to: address, port }));
}

async function routesOf(azure: Reader, interfaceId: string, targets: readonly Target[], signal: AbortSignal) {
  const routes = await azure.effective.routes(interfaceId, signal);
  return perTarget(targets, ({ address }) => routeOf(routes, address));
}

async function peeringOf(azure: Reader, id: string) {
  const found = await azure.peerings.get(id);
  return {
    id: parseId(id).names.join('/'),
    state: found?.peeringState ?? 'absent',
    provisioningState: found?.provisioningState ?? 'absent',
  };
}

const perTarget = <T>(targets: readonly Target[], look: (target: Target) => T): Readonly<Record<string, T>> =>
  Object.fromEntries(targets.map((target) => [target.id, look(target)]));

async function orMissing<T>(signal: AbortSignal, read: () => Promise<T>): Promise<T | Missing> {
  const late = Promise.withResolvers<Missing>();
  const giveUp = (): void => late.resolve({ missing: 'it did not answer in time' });
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([
      tried(read, signal).catch((error: unknown) => ({ missing: reasonOf(error, signal) })),
      late.promise,
    ]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** What Azure cannot answer just now is asked again as long as there is time; a refusal is an answer (W10). */
async function tried<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      const passing =
        error instanceof AzureError &&
        (error.status === 429 || error.status >= 500 || error.code === ownCodes.connectionFailed);
      if (!passing) throw error;
      await sleep(error.retryAfterMs ?? pauseMs, undefined, { signal });
    }
  }
}

function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'it did not answer in time';
  if (error instanceof AzureError && error.status === 403) return `the right for it is missing: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
