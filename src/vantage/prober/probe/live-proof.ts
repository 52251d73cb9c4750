/** How far a proof is, out of the prober's lines: for heartbeats, so only for people. */
import type { LiveProof } from '../../../contract/messages.ts';
import type { ProbeInput } from '../../../contract/steps.ts';
import { type ProbeLine, readProbeLine } from './read.ts';

/** Keeps the last state; `line` gives the one after a line of the prober. */
export interface Live {
  line(text: string): LiveProof;
  soak(): LiveProof;
}

export function followProof({
  phase,
  targets,
  expected,
  settings,
}: Pick<ProbeInput, 'phase' | 'targets' | 'expected' | 'settings'>): Live {
  // Kernels with linear SYN timeouts (6.5 and newer) send 3 SYNs in 3 s, older ones 2.
  let each = 2;
  let state: LiveProof = { phase, stage: 'convergence', targets: {} };
  const show = (
    stage: LiveProof['stage'],
    { seen, syns }: Pick<Extract<ProbeLine, { type: 'live' }>, 'seen' | 'syns'>,
  ): LiveProof => ({
    phase,
    stage,
    targets: Object.fromEntries(
      targets.map(({ id }) => [
        id,
        {
          seen: seen[id] ?? [],
          syns: syns[id] ?? 0,
          synsWanted: expected[id] === 'DROP' ? settings.connections * each : 0,
        },
      ]),
    ),
  });
  return {
    line(text) {
      const line = findLine(text);
      if (line?.type === 'header') each = (line.synLinearTimeouts ?? 0) > 0 ? 3 : 2;
      if (line?.type === 'round') state = show('convergence', { seen: line.seen, syns: {} });
      if (line?.type === 'live') state = show('proof', line);
      return state;
    },
    soak() {
      state = { ...state, stage: 'soak' };
      return state;
    },
  };
}

/** A line that the prober cannot have printed is refused when the whole output is read; here it shows nothing. */
function findLine(text: string): ProbeLine | undefined {
  try {
    return readProbeLine(text);
  } catch {
    return undefined;
  }
}
