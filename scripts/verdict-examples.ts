/** Evidence for every rule of src/judge/judge.ts, and for every way in which its sentence can run. */
import type { Connection, Evidence, Outcome } from '../src/contract/evidence.ts';
import type { Expectation } from '../src/contract/verdict.ts';
import {
  createBackends,
  createEvidence,
  createRow,
  dial,
  dialAround,
  first,
  firstOpen,
  second,
} from '../test/support/evidence.ts';
import { createObservation, dials } from '../test/support/observation.ts';

export interface Example {
  readonly row: Expectation;
  readonly evidence: Evidence;
}

export const drop = createRow('enforced', first, 'DROP', [second.id, firstOpen.id]);
export const answer: Expectation = { ...drop, expected: 'OPEN', controls: [] };

const rows = [drop, createRow('enforced', second, 'OPEN'), createRow('enforced', firstOpen, 'OPEN')];
const live = [...dialAround(second), ...dialAround(firstOpen)];
const silence = ['DROP', 'DROP', 'DROP'] as const;
const answers = ['OPEN', 'OPEN', 'OPEN'] as const;

const see = (connections: readonly Connection[], more: Partial<Evidence> = {}): Evidence =>
  createEvidence(rows, { connections, ...more });
const prove = (...outcomes: readonly Outcome[]): Connection[] =>
  dial(first, 'proof', outcomes).map((one) => (one.outcome === 'OPEN' ? { ...one, response: 'frontend-1' } : one));
const seeSilence = (...outcomes: readonly Outcome[]): Evidence => see([...prove(...outcomes), ...live]);
const seeAnswers = (...outcomes: readonly Outcome[]): Evidence =>
  see([...prove(...outcomes), ...dialAround(first), ...live]);
const seeBeside = (more: Partial<Evidence>): Evidence => see([...prove(...silence), ...live], more);
const watch = (track: string): Evidence => seeBeside({ observation: createObservation({ [first.id]: dials(track) }) });

const noBackends = { backends: createBackends(2, 0) };
const otherCause: Partial<Evidence> = {
  witnesses: [
    {
      by: 'peerings',
      title: 'The peering',
      of: 'way',
      about: null,
      says: 'blocks',
      because: 'hepflow-back is Disconnected',
    },
  ],
};

/** In the order of the rules; the first example of a sentence is the one that docs/verdicts.md shows. */
export const examples: readonly Example[] = [
  ...[
    see([], { phase: 'baseline' }),
    seeSilence(),
    seeSilence(...answers),
    seeSilence('DROP', 'OPEN', 'DROP'),
    watch('40o30d1o29d'),
    watch('40o30d2o28d'),
    seeSilence('DROP', 'DROP', 'PROBE_FAULT'),
    see([...prove(...silence), ...dialAround(second), ...dialAround(firstOpen, 'DROP')]),
    seeBeside(noBackends),
    seeBeside({ backends: {} }),
    seeSilence('RST', 'RST', 'RST'),
    watch('40o6i30d1i23d'),
    seeSilence('DROP', 'DROP'),
    seeBeside(otherCause),
    seeSilence(...silence),
  ].map((evidence) => ({ row: drop, evidence })),
  { row: { ...drop, controls: [] }, evidence: seeSilence(...silence) },
  ...[
    see([], { phase: 'baseline' }),
    seeAnswers(),
    seeAnswers('OPEN', 'OPEN', 'PROBE_FAULT'),
    see([...prove(...silence), ...dialAround(second, 'DROP'), ...dialAround(firstOpen, 'DROP')]),
    seeBeside(noBackends),
    seeBeside({ backends: {} }),
    seeSilence(...silence),
    seeSilence('ICMP_REJECT', 'ICMP_REJECT', 'ICMP_REJECT'),
    seeAnswers('OPEN', 'DROP', 'OPEN'),
    see([...prove(...answers), ...dial(first, 'before'), ...dial(first, 'during'), ...dial(first, 'after', ['DROP'])]),
    seeAnswers(...answers),
  ].map((evidence) => ({ row: answer, evidence })),
];
