/**
 * The doctor: reads what a run would depend on and changes nothing; needs the worker's credentials and endpoints, but
 * neither Temporal nor a worker.
 */
import type { ReaderOptions } from '../config/worker-options.ts';
import { type Checkup, type Diagnosis, type Level, levels, topics } from '../contract/diagnosis.ts';
import type { Mission } from '../contract/mission.ts';
import { examine } from '../preflight/examine.ts';
import { createWorkshop } from '../scenario/workshop.ts';
import { createReaders } from './readers.ts';

/** Somebody waits: shorter than the worker's, yet enough for a credential plugin. */
const requestTimeoutMs = 30_000;

/** Every finding, in the order of `topics`, the worst of a topic first. */
export async function checkUp(options: ReaderOptions, mission: Mission): Promise<Checkup> {
  const readers = createReaders(options, requestTimeoutMs);
  try {
    const found = await examine({ mission, scenario: createWorkshop(mission) }, readers);
    const findings = found.toSorted((a, b) => rank(a) - rank(b));
    const count = (level: Level): number => findings.filter((each) => each.level === level).length;
    return {
      counts: { problem: count('problem'), warning: count('warning'), info: count('info'), ok: count('ok') },
      findings,
    };
  } finally {
    await readers.clusters.close();
  }
}

const order = Object.keys(topics);
const rank = ({ topic, level }: Diagnosis): number => order.indexOf(topic) * levels.length + levels.indexOf(level);
