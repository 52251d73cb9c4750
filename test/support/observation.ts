/** What an observer saw, by hand: the VM's clock ahead of the worker's, a dial each 25 ms. */
import type { Moment, MomentWords } from '../../src/contract/change.ts';
import type { Target } from '../../src/contract/evidence.ts';
import type { HeldConnection, Observation } from '../../src/contract/observation.ts';
import { type Dial, writeTrack } from '../../src/evidence/track.ts';
import { targets, workers } from './evidence.ts';

export const clock = { offsetMs: 5000, uncertaintyMs: 1, exchanges: 8 };
export const cadenceMs = 25;

/** The VM's clock, so many milliseconds after slot 0 began. */
export const vms = (ms: number): string => workers(ms + clock.offsetMs);

/** Dials from runs such as `40o 60d`. */
export const dials = (text: string): Dial[] =>
  [...text.matchAll(/(\d+)([odrif-])/g)].flatMap(([, count, letter]) =>
    Array.from({ length: Number(count) }, () => letter as Dial),
  );

/** Targets without a track answered every dial. */
export function createObservation(
  tracks: Readonly<Record<string, readonly Dial[]>>,
  more: Partial<Observation> = {},
): Observation {
  const slots = Math.max(...Object.values(tracks).map((track) => track.length));
  const steady = Array.from({ length: slots }, (): Dial => 'o');
  return {
    startedAt: vms(0),
    slots,
    cadenceMs,
    dialTimeoutMs: 200,
    latenessMs: 2,
    clock,
    tracks: Object.fromEntries(
      Object.entries({ ...Object.fromEntries(targets.map(({ id }) => [id, steady])), ...tracks }).map(
        ([id, track]) => [id, writeTrack(track)] as const,
      ),
    ),
    held: [],
    ended: 'read',
    ...more,
  };
}

/** A connection as observers hold it: opened before slot 0, asked `ms` after it. */
export const holdConnection = (target: Target, outcome: HeldConnection['outcome'], ms = 4900): HeldConnection => ({
  target: target.id,
  openedAt: vms(-500),
  checkedAt: vms(ms),
  outcome,
});

/** Moments of changes and of their undoing, as their kinds describe them. */
const described = {
  labelWritten: ['asked', 'label sent and written', 'the label was sent'],
  labelOnHostEndpoint: ['reached', 'label seen on the host endpoint', ''],
  policyAccepted: ['asked', 'policy sent and accepted', 'the policy was sent'],
  policyDeleted: ['undone', 'policy deleted', "the policy's removal was asked for"],
  labelRestored: ['undone', 'label taken back', "the label's removal was asked for"],
} as const satisfies Readonly<Record<string, readonly [Moment['role'], title: string, words: string]>>;

/** A moment so many milliseconds after slot 0 began, on the worker's clock. */
export function createMoment(name: keyof typeof described, from: number, to = from + 10, node?: string): Moment {
  const [role, title, words] = described[name];
  const named: MomentWords = { name, title, words, ...(node !== undefined && { node }) };
  return { ...named, role, from: workers(from), to: workers(to) };
}
