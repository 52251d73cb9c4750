/** Azure, asked about the way from the VM. It cannot fail a step: what could not be had is missing, with the reason. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type Azure, AzureError, findAccess, findRoute, ownCodes, parseId } from '../../adapters/azure/index.ts';
import { describeError } from '../../contract/brief.ts';
import type { Target } from '../../contract/evidence.ts';
import type { Witness } from '../../contract/vantage.ts';
import type { StepContext, Tools } from '../../step/context.ts';
import type { Hearing } from '../port.ts';

/** What Azure needs to be asked. */
export interface AzureAsk {
  /** The VM's interface. */
  readonly interfaceId: string;
  /** The VM's side, the cluster's side. */
  readonly peeringIds: readonly [string, string];
}

/** How long Azure may go on once the prober is done, in milliseconds. */
const latenessMs = 20_000;

/** Before Azure is asked again, where it does not say how long to wait. */
const pauseMs = 1000;

const tooLate = 'it did not answer in time';

type WitnessReader = Pick<Azure, 'effective' | 'interfaces' | 'peerings'>;
type WitnessSource = Pick<Witness, 'by' | 'title'>;
/** What a source says of one thing. */
type Word = Pick<Witness, 'about' | 'says' | 'because'>;

/**
 * The peerings, which may break within the window, are asked at its end once more. An `AskWitnesses`, whose `ask` is an
 * `AzureAsk`.
 */
export function askAzureWitnesses(
  ask: object,
  targets: readonly Target[],
  { azure }: Pick<Tools, 'azure'>,
  context: Pick<StepContext, 'signal'>,
  lateMs = latenessMs,
): Hearing {
  const { interfaceId, peeringIds } = ask as AzureAsk;
  const over = new AbortController();
  const giveUp = (): void => over.abort(new Error(tooLate));
  const signal = AbortSignal.any([context.signal, over.signal]);
  const ways = Promise.all([
    hear(securityRules, signal, () => readSecurityRules(azure, interfaceId, targets, signal)),
    hear(routes, signal, () => readRoutes(azure, interfaceId, targets, signal)),
  ]);
  const askPeerings = () => hear(peerings, signal, () => Promise.all(peeringIds.map((id) => readPeering(azure, id))));
  const atStart = askPeerings();
  return {
    giveUp,
    finish: async () => {
      const timer = setTimeout(giveUp, lateMs);
      try {
        const [heard, start, end] = await Promise.all([ways, atStart, askPeerings()]);
        return [...heard.flat(), ...chooseWorse(start, end)];
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

const securityRules: WitnessSource = { by: 'securityRules', title: "Azure's effective security rules" };
const routes: WitnessSource = { by: 'routes', title: "Azure's effective routes" };
const peerings: WitnessSource = { by: 'peerings', title: 'Both sides of the peering' };

/** A peering that was broken once stays a reason for silence; one that could not be read again is as it was. */
const chooseWorse = (start: readonly Witness[], end: readonly Witness[]): readonly Witness[] =>
  start.some(({ says }) => says === 'blocks') || end.some(({ says }) => says === 'missing') ? start : end;

async function readSecurityRules(
  azure: WitnessReader,
  interfaceId: string,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<Word[]> {
  const [nic, groups] = await Promise.all([
    azure.interfaces.get(interfaceId),
    azure.effective.securityGroups(interfaceId, signal),
  ]);
  if (nic === undefined) throw new Error(`there is no interface ${interfaceId}`);
  return joinWords(
    targets.map(({ id, address, port }) => {
      const { access, rule } = findAccess(groups, { from: nic.privateAddress, to: address, port });
      return { about: id, says: access === 'Allow' ? 'allows' : 'blocks', because: `rule ${rule}` };
    }),
  );
}

async function readRoutes(
  azure: WitnessReader,
  interfaceId: string,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<Word[]> {
  const found = await azure.effective.routes(interfaceId, signal);
  return joinWords(
    targets.map(({ id, address }) => {
      const { nextHop, prefix } = findRoute(found, address);
      if (prefix === '') return { about: id, says: 'blocks', because: 'there is no route' };
      return {
        about: id,
        says: nextHop === 'None' ? 'blocks' : 'allows',
        because: `next hop of ${prefix} is ${nextHop}`,
      };
    }),
  );
}

/** The same word about every target is one word about all of them: it stands in the history of each phase. */
function joinWords(words: readonly Word[]): Word[] {
  const [first] = words;
  const isOne = words.every(({ says, because }) => says === first?.says && because === first.because);
  return first !== undefined && isOne ? [{ ...first, about: null }] : [...words];
}

async function readPeering(azure: WitnessReader, id: string): Promise<Word> {
  const found = await azure.peerings.get(id);
  const states = found === undefined ? ['absent'] : [found.peeringState, found.provisioningState];
  const stands = states.join() === 'Connected,Succeeded';
  const because = `${parseId(id).names.join('/')} is ${stands ? 'Connected' : states.join(', ')}`;
  return { about: null, says: stands ? 'allows' : 'blocks', because };
}

/**
 * The words of a source as witnesses, once it has answered; one that is missing when it fails, or the signal aborts.
 * Never rejects.
 */
async function hear(
  source: WitnessSource,
  signal: AbortSignal,
  read: () => Promise<readonly Word[]>,
): Promise<Witness[]> {
  const late = Promise.withResolvers<string>();
  const giveUp = (): void => late.resolve(tooLate);
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    const found = await Promise.race([
      readPatiently(read, signal).catch((error: unknown) => explain(error, signal)),
      late.promise,
    ]);
    const words: readonly Word[] =
      typeof found === 'string' ? [{ about: null, says: 'missing', because: found }] : found;
    return words.map((word) => ({ ...source, of: 'way', ...word }));
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

/** What Azure cannot answer just now is asked again as long as there is time; a refusal is an answer (W10). */
async function readPatiently<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T> {
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

function explain(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return tooLate;
  if (error instanceof AzureError && error.status === 403) return `the right for it is missing: ${error.message}`;
  return describeError(error);
}
