/** What an observer and the witnesses saw in sample runs: evidence by phase, and what follows from it. */

import type { Connection, Evidence, Phase, Target } from '../../src/contract/evidence.ts';
import type { Mark, Report } from '../../src/contract/report.ts';
import type { Verdict } from '../../src/contract/verdict.ts';
import type { Witnesses } from '../../src/contract/witnesses.ts';
import { type Dial, trackOf } from '../../src/evidence/track.ts';
import { findingsOf } from '../../src/judge/findings.ts';
import { transitionsOf } from '../../src/judge/transitions.ts';

/** The connections that a sample verdict was made from. */
export const proofBehind = new WeakMap<Verdict, readonly Connection[]>();

const slots = 260;
const startMs = Date.parse('2026-01-01T00:00:07.000Z');
const at = (ms: number): string => new Date(startMs + ms).toISOString();
const mark = (name: Mark['name'], from: number, to: number, node?: string): Mark => ({
  name,
  from: at(from),
  to: at(to),
  ...(node ? { node } : {}),
});

const marks: Readonly<Record<Phase, readonly Mark[]>> = {
  baseline: [],
  enforced: [
    mark('labelWritten', 1010, 1034),
    mark('labelOnHostEndpoint', 1034, 1180),
    mark('policyAccepted', 1420, 1461),
  ],
  second: [mark('labelWritten', 1010, 1034), mark('labelOnHostEndpoint', 1034, 1180)],
  restored: [mark('policyDeleted', 1010, 1048), mark('labelRestored', 1060, 1090)],
};

/** The slot in which the port changes. */
const edges: Readonly<Record<Phase, number>> = { baseline: 0, enforced: 61, second: 45, restored: 44 };

export interface Told {
  /** Dials of the changing port that differ, by slot. */
  readonly dials?: Readonly<Record<number, Dial>>;
  /** The observer's first slot: what came before it was not watched. */
  readonly from?: number;
  readonly observation?: Evidence['observation'];
  readonly witnesses?: Partial<Witnesses>;
  readonly held?: 'answered' | 'reset';
}

const changing = (phase: Phase, targets: readonly Target[]): readonly Target[] => {
  const nodePorts = targets.filter(({ kind }) => kind === 'nodePort');
  return { baseline: [], enforced: nodePorts.slice(0, 1), second: nodePorts.slice(1), restored: nodePorts }[phase];
};

/** Letter by letter as the phase demands, with a lost packet here and there. */
function dialOf(phase: Phase, target: Target, targets: readonly Target[], slot: number): Dial {
  const changes = changing(phase, targets).includes(target);
  if (changes) return slot >= edges[phase] === (phase !== 'restored') ? 'd' : 'o';
  return phase === 'second' && target.kind === 'nodePort' ? 'd' : 'o';
}

function evidenceOf(phase: Phase, verdicts: readonly Verdict[], told: Told): Evidence {
  const targets = verdicts.map(({ target }) => target);
  const moved = changing(phase, targets);
  const { from = 0 } = told;
  const tracks = targets.map((target) => {
    const dials = Array.from({ length: slots - from }, (_, index): Dial => {
      const slot = index + from;
      return (moved.includes(target) ? told.dials?.[slot] : undefined) ?? dialOf(phase, target, targets, slot);
    });
    return [target.id, trackOf(dials)] as const;
  });
  const held = moved.map(({ id }) => ({
    target: id,
    openedAt: at(100),
    checkedAt: at(6400),
    outcome: told.held ?? ('answered' as const),
  }));
  const observation = {
    startedAt: at(from * 25),
    slots: slots - from,
    cadenceMs: 25,
    dialTimeoutMs: 200,
    latenessMs: 1.8,
    clock: { offsetMs: 0, uncertaintyMs: 0.9, exchanges: 8 },
  };
  const witnesses: Witnesses = {
    deniedPackets: Object.fromEntries(
      verdicts.map(({ node }) => [node, { source: 'calico_denied_packets', before: 40, after: 54 }]),
    ),
    securityRules: Object.fromEntries(
      targets.map(({ id }) => [id, { access: 'Allow', rule: 'AllowVnetOutBound' } as const]),
    ),
    routes: Object.fromEntries(targets.map(({ id }) => [id, { nextHop: 'VNetPeering', prefix: '10.240.0.0/16' }])),
    peerings: ['there', 'back'].map((id) => ({
      id: `vnet-${id}/hepflow-0a1b2c3d`,
      state: 'Connected',
      provisioningState: 'Succeeded',
    })),
    ...told.witnesses,
  };
  const pods = verdicts.map(({ node }, index) => ({
    name: `frontend-6c9d-${index}`,
    node,
    ip: `10.244.0.${index + 9}`,
  }));
  const backends = { readyEndpoints: 2, readAt: at(0), pods };
  const [open] = targets.filter((target) => target.kind === 'nodePort' && !moved.includes(target));
  return {
    phase,
    startedAt: at(0),
    endedAt: at(7000),
    kernel: '6.8.0-1021-azure',
    targets,
    convergence: { reached: true, rounds: 2, elapsedMs: 30 },
    connections: verdicts.flatMap((one) => proofBehind.get(one) ?? []),
    backends: { before: backends, after: backends },
    ...(phase === 'baseline'
      ? {}
      : {
          observation: told.observation ?? {
            ...observation,
            tracks: Object.fromEntries(tracks),
            held,
            ended: 'read' as const,
          },
          witnesses,
        }),
    ...(phase === 'enforced' && open
      ? {
          answers: {
            [open.id]: Object.fromEntries(
              pods.slice(0, 2).map(({ name, node }, index) => [`frontend pod=${name} node=${node}`, 9 + index]),
            ),
          },
        }
      : {}),
  };
}

/** Evidence, transitions and findings of a run with these verdicts. `told`: what differs, by phase. */
export function seenIn(
  verdicts: readonly Verdict[],
  told: Partial<Record<Phase, Told>> = {},
): Pick<Report, 'evidence' | 'transitions' | 'findings'> {
  const phases = [...new Set(verdicts.map(({ phase }) => phase))].map((phase) => {
    const rows = verdicts.filter((one) => one.phase === phase);
    const evidence = evidenceOf(phase, rows, told[phase] ?? {});
    const to = phase === 'restored' ? 'OPEN' : 'DROP';
    const transitions = transitionsOf(
      { phase, to, targets: changing(phase, evidence.targets), marks: marks[phase] },
      evidence,
    );
    return { evidence, transitions, findings: findingsOf(rows, evidence, transitions) };
  });
  return {
    evidence: phases.map(({ evidence }) => evidence),
    transitions: phases.flatMap(({ transitions }) => transitions),
    findings: phases.flatMap(({ findings }) => findings),
  };
}
