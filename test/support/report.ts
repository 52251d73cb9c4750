/** Reports of runs of any scenario: evidence of a world that behaves as expected but for what is told, judged as a run judges it. */
import type { Moment } from '../../src/contract/change.ts';
import type { Connection, Evidence, Outcome, Target } from '../../src/contract/evidence.ts';
import type { HeldConnection, Missing, Observation } from '../../src/contract/observation.ts';
import type { PhaseName } from '../../src/contract/phase.ts';
import type { PhaseOutline } from '../../src/contract/plan.ts';
import { type ChangeRecord, type Report, reportSchemaVersion, type StepRecord } from '../../src/contract/report.ts';
import type { Change, Scenario } from '../../src/contract/scenario.ts';
import type { VantageId, Witness } from '../../src/contract/vantage.ts';
import type { Expectation } from '../../src/contract/verdict.ts';
import { sealEvidence } from '../../src/evidence/seal.ts';
import { type Dial, writeTrack } from '../../src/evidence/track.ts';
import { type Judgement, judgePhase } from '../../src/judge/judgement.ts';
import { listMoments } from '../../src/judge/moments.ts';
import { decideOutcome } from '../../src/judge/outcome.ts';
import { summarize } from '../../src/judge/sentences/summary.ts';
import { findMoves, type Move } from '../../src/scenario/moves.ts';
import { listExpectations, outlinePhases } from '../../src/scenario/outline.ts';
import { listTargets } from '../../src/scenario/targets.ts';
import { dial, dialAround } from './evidence.ts';
import { mission, workshop, workshopNodes } from './scenarios.ts';

/** What differs in a phase from what is expected of it. */
export interface PhaseStory {
  /** Outcomes of a target's proof, by its id. */
  readonly proofs?: Readonly<Record<string, readonly Outcome[]>>;
  /** Dials of the ports that change, by slot. */
  readonly dials?: Readonly<Record<number, Dial>>;
  /** The observer's first slot: what came before it was not watched. */
  readonly from?: number;
  readonly observation?: Missing;
  readonly held?: HeldConnection['outcome'];
  /** What the witnesses of one source say, by its `by`. */
  readonly witnesses?: Readonly<Record<string, Partial<Witness>>>;
}

export interface RunStory {
  readonly scenario?: Scenario;
  readonly nodes?: readonly { readonly name: string; readonly internalIp: string }[];
  readonly phases?: Readonly<Record<PhaseName, PhaseStory>>;
  /** The last phase that was judged; the run ended, or is, after it. */
  readonly until?: PhaseName;
  /** Fields that differ from those of a run that was carried out. */
  readonly change?: Partial<Report>;
}

const runId = '0a1b2c3d';
const startMs = Date.parse('2026-01-01T00:00:00.000Z');
const slots = 260;
const cadenceMs = 25;
const pace = { phaseMs: 60_000, changeMs: 410, undoMs: 50, showsAfterMs: 115 };

const formTime = (ms: number): string => new Date(startMs + ms).toISOString();
const timePhase = (index: number): number => (index + 1) * pace.phaseMs;

/** The report of a run of the workshop, all PASS, but for what is told. */
export function tellRun(story: RunStory = {}): Report {
  const { scenario = workshop, nodes = workshopNodes } = story;
  const outlines = outlinePhases(scenario, nodes);
  const targets = listTargets(scenario, nodes);
  const changes = listChanges(scenario, nodes, outlines.length - 1);
  const last = outlines.findIndex(({ name }) => name === story.until);
  const judged = outlines.slice(0, last === -1 ? outlines.length : last + 1);
  const evidence = chainEvidence(
    judged.flatMap((outline, index) =>
      Object.keys(scenario.vantages).map((vantage) => {
        const rows = listExpectations(outline, vantage, targets);
        const before = listBefore(outlines, index, vantage, targets);
        return createEvidence(
          rows,
          before,
          listMoments(changes, outline.name),
          story.phases?.[outline.name] ?? {},
          index,
        );
      }),
    ),
  );
  const judgements = evidence.map((one): Judgement => {
    const index = outlines.findIndex(({ name }) => name === one.phase);
    const outline = outlines[index];
    const rows = outline === undefined ? [] : listExpectations(outline, one.vantage, targets);
    const before = listBefore(outlines, index, one.vantage, targets);
    return judgePhase({ rows, before, moments: listMoments(changes, one.phase) }, one);
  });
  const known = {
    verdicts: judgements.flatMap(({ verdicts }) => verdicts),
    transitions: judgements.flatMap(({ transitions }) => transitions),
    findings: judgements.flatMap(({ findings }) => findings),
  };
  const ending = {
    outcome: decideOutcome(known.verdicts, known.findings),
    ...{ stage: 'over', failure: null, leftovers: [] },
    ...story.change,
  };
  return {
    schemaVersion: reportSchemaVersion,
    runId,
    workflowId: 'hepflow-lab-abc123',
    summary: summarize({ ...ending, ...known }),
    ...ending,
    scenario: scenario.name,
    vantages: Object.entries(scenario.vantages).map(([id, { kind, adminUser }], index) => ({
      ...{ id, kind, adminUser, kernel: '6.8.0-1021-azure' },
      ...{ sourceAddress: `192.168.1.${index + 4}`, address: `203.0.113.${index + 10}` },
    })),
    targets,
    phases: outlines.map((outline) => ({ ...outline, skipped: null })),
    ...known,
    changes: changes.map(({ steps: _, ...change }) => change),
    steps: [...changes.map(({ steps }) => steps.made), ...changes.toReversed().map(({ steps }) => steps.undone)],
    cluster: {
      id: '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/lab',
      kubernetesVersion: '1.35.4',
      location: 'westeurope',
      vnetId: '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/aks-vnet',
      nodes,
    },
    calico: {
      flavour: 'oss',
      version: 'v3.31.0',
      hostEndpointFlowLogs: 'not supported by this Calico',
      hostEndpoints: nodes.map(({ name }) => `${name}-auto-hep`),
    },
    warnings: [],
    timings: {
      startedAt: formTime(0),
      endedAt: formTime(timePhase(judged.length)),
      totalMs: timePhase(judged.length),
      convergenceMs: Object.fromEntries(evidence.map(({ phase, convergence }) => [phase, convergence.elapsedMs])),
    },
    evidence,
    mission: scenario === workshop ? mission : null,
    ...story.change,
  };
}

function listBefore(
  outlines: readonly PhaseOutline[],
  index: number,
  vantage: VantageId,
  targets: readonly Target[],
): readonly Expectation[] | null {
  const before = outlines[index - 1];
  return before === undefined ? null : listExpectations(before, vantage, targets);
}

function chainEvidence(all: readonly Evidence[]): readonly Evidence[] {
  const chain: Evidence[] = [];
  for (const one of all) chain.push(sealEvidence(one, chain.at(-1)?.seal?.sha256 ?? runId));
  return chain;
}

/** A change with the steps that make it and take it back. */
interface ToldChange extends ChangeRecord {
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

function listChanges(
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
      atMs: timePhase(index) + 1010 + place * pace.changeMs,
    })),
  );
  const all = [...around, ...own];
  return all.map(({ id, phase, words, made, undone, moments, atMs }, index) => {
    const undoneMs = timePhase(restoredIndex) + 1010 + (all.length - 1 - index) * pace.undoMs;
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

function createEvidence(
  rows: readonly Expectation[],
  before: readonly Expectation[] | null,
  moments: readonly Moment[],
  story: PhaseStory,
  index: number,
): Evidence {
  const baseMs = timePhase(index);
  const targets = rows.map(({ target }) => target);
  const moves = findMoves(rows, before);
  return {
    phase: rows[0]?.phase ?? '',
    vantage: rows[0]?.vantage ?? '',
    startedAt: formTime(baseMs),
    endedAt: formTime(baseMs + 20_000),
    kernel: '6.8.0-1021-azure',
    targets,
    convergence: { reached: true, rounds: 2, elapsedMs: 412 },
    connections: rows.flatMap((row) => connect(row, story.proofs?.[row.target.id], baseMs + 3000)),
    backends: createBackends(targets, baseMs),
    ...(moves.length > 0 && {
      observation: story.observation ?? createObservation(rows, moves, moments, story, baseMs),
      witnesses: hearWitnesses(rows, story),
      answers: hearAnswers(rows),
    }),
  };
}

function connect({ target, expected }: Expectation, proof: readonly Outcome[] | undefined, atMs: number): Connection[] {
  const outcomes = proof ?? [expected, expected, expected];
  const proofs = outcomes.flatMap((outcome, place) =>
    dial(target, 'proof', [outcome], { startedAt: formTime(atMs + place * 5), sourcePort: 40_000 + place }),
  );
  return [...proofs, ...(expected === 'OPEN' ? dialAround(target) : [])];
}

const listPods = (targets: readonly Target[]) =>
  [...new Set(targets.map(({ node }) => node))].map((node, index) => ({
    ...{ name: `pod-6c9d-${index}`, node, ip: `10.244.0.${index + 9}` },
  }));

function createBackends(targets: readonly Target[], baseMs: number): Evidence['backends'] {
  const pods = listPods(targets);
  const health = { readyEndpoints: pods.length, readAt: formTime(baseMs), pods };
  const services = targets.flatMap(({ service }) => service ?? []);
  return Object.fromEntries(services.map((service) => [service, { before: health, after: health }]));
}

/** Beside a deny, every pod answers through each open NodePort. */
function hearAnswers(rows: readonly Expectation[]): NonNullable<Evidence['answers']> {
  const pods = listPods(rows.map(({ target }) => target));
  const lines = Object.fromEntries(pods.map(({ name, node }, index) => [`pod=${name} node=${node}`, 9 + index]));
  const open = rows.filter(({ target, expected }) => target.kind === 'nodePort' && expected === 'OPEN');
  return Object.fromEntries(open.map(({ target }) => [target.id, lines]));
}

function createObservation(
  rows: readonly Expectation[],
  moves: readonly Move[],
  moments: readonly Moment[],
  { from = 0, dials = {}, held = 'answered' }: PhaseStory,
  baseMs: number,
): Observation {
  const tracks = rows.map(({ target, expected }) => {
    const move = moves.find((one) => one.target.id === target.id);
    const edge = move === undefined ? 0 : findEdge(move, moments, baseMs);
    const track = Array.from({ length: slots - from }, (_, index): Dial => {
      const slot = index + from;
      const isSilent = slot >= edge === (expected === 'DROP');
      return (move && dials[slot]) ?? (isSilent ? 'd' : 'o');
    });
    return [target.id, writeTrack(track)] as const;
  });
  return {
    startedAt: formTime(baseMs + from * cadenceMs),
    slots: slots - from,
    ...{ cadenceMs, dialTimeoutMs: 200, latenessMs: 1.8 },
    clock: { offsetMs: 0, uncertaintyMs: 0.9, exchanges: 8 },
    tracks: Object.fromEntries(tracks),
    held: moves.map(({ target }) => ({
      ...{ target: target.id, outcome: held },
      ...{ openedAt: formTime(baseMs + from * cadenceMs + 100), checkedAt: formTime(baseMs + 6400) },
    })),
    ended: 'read',
  };
}

/** The first slot that shows a change: a while after the last thing that it needs, or the first that was taken back. */
function findEdge({ target }: Move, moments: readonly Moment[], baseMs: number): number {
  const own = moments.filter(({ node }) => node === undefined || node === target.node);
  const times = (role: Moment['role']): number[] =>
    own.filter((one) => one.role === role).map((one) => Date.parse(one.from) - startMs - baseMs);
  const asked = times('asked');
  const askedMs = asked.length > 0 ? Math.max(...asked) : Math.min(...times('undone'));
  return Math.floor((askedMs + pace.showsAfterMs) / cadenceMs);
}

function hearWitnesses(rows: readonly Expectation[], { witnesses = {} }: PhaseStory): readonly Witness[] {
  const way = { of: 'way', says: 'allows' } as const;
  const rules = { by: 'securityRules', title: "Azure's effective security rules", because: 'AllowVnetOutBound' };
  const routes = { by: 'routes', title: "Azure's effective routes", because: 'VNetPeering by 10.240.0.0/16' };
  const peering = { by: 'peerings', title: 'Both sides of the peering', because: 'both are Connected' };
  const counters = { by: 'deniedPackets', title: "The nodes' own packet counters", of: 'policy' } as const;
  const nodes = [...new Set(rows.map(({ target }) => target.node))];
  const all: readonly Witness[] = [
    ...nodes.map((node): Witness => {
      const packets = 9 * rows.filter(({ target, expected }) => target.node === node && expected === 'DROP').length;
      return {
        ...counters,
        about: node,
        says: packets > 0 ? 'blocks' : 'allows',
        because: 'calico_denied_packets',
        packets,
      };
    }),
    ...rows.map(({ target }): Witness => ({ ...rules, ...way, about: target.id })),
    ...rows.map(({ target }): Witness => ({ ...routes, ...way, about: target.id })),
    { ...peering, ...way, about: null },
  ];
  return all.map((one) => ({ ...one, ...witnesses[one.by] }));
}
