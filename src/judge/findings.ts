/** What observer, witnesses, held connections and backends say beside the verdicts. Pure and free of Node: it runs in the workflow. */
import type { Evidence } from '../contract/evidence.ts';
import { isMissing } from '../contract/observation.ts';
import type { Finding, Transition } from '../contract/report.ts';
import type { Verdict } from '../contract/verdict.ts';
import { behindDeny } from './behind-deny.ts';
import { held } from './held.ts';
import { isPremature } from './transitions.ts';
import { deniedPackets, peerings, routes, type Said, securityRules } from './witnesses.ts';

/** Only what applies: before any policy nobody need be asked, and only a port that kept silent has denied packets. `transitions`: those of the same evidence. */
export function findingsOf(
  verdicts: readonly Verdict[],
  evidence: Evidence,
  transitions: readonly Transition[],
): Finding[] {
  const { phase, targets, witnesses } = evidence;
  const cloud =
    phase === 'baseline' && witnesses === undefined
      ? []
      : [...securityRules(targets, evidence), ...routes(targets, evidence), ...peerings(evidence)];
  const silent = verdicts.filter(({ expected, observed }) => expected === 'DROP' && observed === 'DROP');
  const said: readonly Said[] = [
    ...transitions.map((each) => observer(each, verdicts, evidence)),
    ...transitions.filter(({ to }) => to === 'DROP').map((each) => held(each, evidence)),
    ...(phase === 'enforced' ? behindDeny(verdicts, evidence) : []),
    ...silent.map(({ target, evidence: { syns } }) => deniedPackets(target.node, syns, evidence)),
    ...cloud,
  ];
  return said.map(({ about, subject, result, says }) => ({
    phase,
    about,
    subject,
    result,
    sentence: `${says.slice(0, 1).toUpperCase()}${says.slice(1)}.`,
  }));
}

/** Whether the observer saw what the verdict says: the change after it was asked for, and no connection that got through after it. */
function observer(transition: Transition, verdicts: readonly Verdict[], { observation }: Evidence): Said {
  const { target, to, censored, leaks } = transition;
  const of = (result: Said['result'], says: string): Said => ({ about: 'observer', subject: target.id, result, says });
  if (censored === 'unobserved')
    return of(
      'UNKNOWN',
      `no observer saw ${target.id} ${to === 'DROP' ? 'fall silent' : 'answer again'}; the time line says why`,
    );
  const gaveUp = observation !== undefined && !isMissing(observation) && observation.ended === 'bound';
  if (censored === 'right' && gaveUp)
    return of(
      'UNKNOWN',
      `the observer reached its own time limit before ${target.id} ${to === 'DROP' ? 'fell silent' : 'answered again'}`,
    );
  const failed = verdicts.some((one) => one.target.id === target.id && one.verdict === 'FAIL');
  const shows = whatItShows(transition);
  const asExpected = censored !== 'right' && leaks.length === 0;
  const contradicted = isPremature(transition) || asExpected === failed;
  return of(
    contradicted ? 'CONTRADICTED' : 'CONFIRMED',
    `the observer, which dialled ${target.id} all the while, ${shows}`,
  );
}

function whatItShows(transition: Transition): string {
  const { to, censored, leaks } = transition;
  const silent = to === 'DROP';
  if (censored === 'right') return silent ? 'saw no lasting silence' : 'saw no lasting answers';
  if (isPremature(transition)) return `saw it ${silent ? 'silent' : 'answer'} before that was asked for`;
  if (leaks.length > 0)
    return `saw ${leaks.length === 1 ? 'a connection' : 'connections'} get through after the first silence`;
  if (censored === 'left') return `saw it ${silent ? 'silent' : 'answer'} from its first look on`;
  return silent ? 'saw it fall silent and stay so' : 'saw it answer again';
}
