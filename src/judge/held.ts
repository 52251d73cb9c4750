/** Whether a connection that was opened before a deny outlived it. */
import type { Evidence } from '../contract/evidence.ts';
import { type HeldConnection, isMissing } from '../contract/observation.ts';
import type { Finding, FindingResult } from '../contract/report.ts';
import { toWorkersClock } from '../evidence/track.ts';
import { explainHeld, explainUnknownHeld } from './sentences/finding.ts';
import type { WatchedMove } from './transitions.ts';

/**
 * Calico's pre-DNAT rules let established connections pass, so one that stood before the deny has to answer after it.
 */
export function checkHeld({ target, sighting }: WatchedMove, { phase, vantage, observation }: Evidence): Finding {
  const form = (result: FindingResult, sentence: string): Finding => ({
    ...{ phase, vantage, about: 'heldConnection', title: 'A connection that was opened before the deny' },
    ...{ subject: target.id, result, sentence },
  });
  const answerUnknown = (why: string): Finding => form('UNKNOWN', explainUnknownHeld(target, why));
  if (observation === undefined || isMissing(observation)) return answerUnknown('none was held');
  const one = observation.held.find((each) => each.target === target.id);
  if (one === undefined || one.outcome === 'unopened') return answerUnknown('none could be opened before');
  if (sighting.kind !== 'changed') return answerUnknown('no observer saw the port fall silent');
  const silentMs = Date.parse(sighting.showed.to);
  const toMs = (at: HeldConnection['openedAt']): number =>
    Date.parse(toWorkersClock(Date.parse(at), Date.parse(at), observation.clock).from);
  if (toMs(one.checkedAt) < silentMs) return answerUnknown('it was asked before the port fell silent');
  if (toMs(one.openedAt) > silentMs) return answerUnknown('it was opened only after the port fell silent');
  return form(one.outcome === 'answered' ? 'CONFIRMED' : 'CONTRADICTED', explainHeld(target, one.outcome));
}
