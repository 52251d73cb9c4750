/** What runs that tests tell change, with the steps that make each change and take it back. */
import type { Moment } from '../../src/contract/change.ts';
import type { ChangeRecord, StepRecord } from '../../src/contract/report.ts';
import type { Change, Scenario } from '../../src/contract/scenario.ts';
import { formTime, timeChange, timeUndo } from './told-time.ts';

/** A change with the steps that make it and take it back. */
export interface ToldChange extends ChangeRecord {
  readonly steps: { readonly made: StepRecord; readonly undone: StepRecord };
}

interface KindStory {
  readonly words: string;
  readonly made: string;
  readonly undone: string;
  readonly moments: (atMs: number, undoneMs: number) => readonly Moment[];
}

const createMoment = (
  name: string,
  role: Moment['role'],
  [title, words]: readonly [string, string],
  [fromMs, toMs]: readonly [number, number],
  node?: string,
): Moment => ({
  ...{ name, role, title, words, from: formTime(fromMs), to: formTime(toMs) },
  ...(node !== undefined && { node }),
});

function describeKind(change: Change, nodes: readonly { readonly name: string }[]): KindStory {
  if (change.kind === 'label') {
    const node = nodes[Number(change['node'])]?.name ?? '';
    return {
      ...{ words: `${change['key']}=${change['value']} on node ${node}`, made: 'labelNode', undone: 'restoreLabel' },
      moments: (at, undone) => [
        createMoment('labelWritten', 'asked', ['label sent and written', 'the label was sent'], [at, at + 24], node),
        createMoment(
          'labelOnHostEndpoint',
          'reached',
          ['label seen on the host endpoint', ''],
          [at + 24, at + 170],
          node,
        ),
        createMoment(
          'labelRestored',
          'undone',
          ['label taken back', "the label's removal was asked for"],
          [undone, undone + 30],
          node,
        ),
      ],
    };
  }
  if (change.kind === 'policy')
    return {
      ...{ words: `the policy ${change['name']}`, made: 'applyPolicy', undone: 'deletePolicy' },
      moments: (at, undone) => [
        createMoment('policyAccepted', 'asked', ['policy sent and accepted', 'the policy was sent'], [at, at + 41]),
        createMoment(
          'policyDeleted',
          'undone',
          ['policy deleted', "the policy's removal was asked for"],
          [undone, undone + 38],
        ),
      ],
    };
  return {
    words: `a change of kind ${change.kind}`,
    made: `${change.kind}Made`,
    undone: `${change.kind}Undone`,
    moments: () => [],
  };
}

/** What is made for every vantage, in order. */
const surroundings = [
  { id: 'publicIp', words: 'a public address for SSH', made: 'createPublicIp', undone: 'deletePublicIp' },
  { id: 'there', words: 'the peering to the cluster', made: 'peerToCluster', undone: 'deletePeering' },
  { id: 'back', words: 'the peering from the cluster', made: 'peerFromCluster', undone: 'deletePeering' },
];

export function listChanges(
  { vantages, phases }: Scenario,
  nodes: readonly { readonly name: string }[],
  restoredIndex: number,
): readonly ToldChange[] {
  const around = Object.keys(vantages).flatMap((vantage) =>
    surroundings.map(({ id, ...kind }) => ({
      id: `${vantage}.${id}`,
      phase: null,
      ...kind,
      moments: () => [],
      atMs: 0,
    })),
  );
  const own = phases.flatMap((phase, index) =>
    phase.changes.map((change, place) => ({
      ...{ id: `${phase.name}.${place + 1}`, phase: phase.name, ...describeKind(change, nodes) },
      atMs: timeChange(index, place),
    })),
  );
  const all = [...around, ...own];
  return all.map(({ id, phase, words, made, undone, moments, atMs }, index) => {
    const undoneMs = timeUndo(restoredIndex, all.length - 1 - index);
    const step = { subject: '', outcome: 'done', attempts: 1 } as const;
    return {
      ...{ id, phase, words, moments: moments(atMs, undoneMs) },
      steps: {
        made: { ...step, name: made, makes: id, detail: 'made', ...formSpan(atMs, 24) },
        undone: { ...step, name: undone, undoes: id, detail: `${words} is gone`, ...formSpan(undoneMs, 30) },
      },
    };
  });
}

const formSpan = (fromMs: number, tookMs: number): Pick<StepRecord, 'startedAt' | 'endedAt'> => ({
  startedAt: formTime(fromMs),
  endedAt: formTime(fromMs + tookMs),
});
