/** Whether a connection that was opened before a deny outlived it. Pure and free of Node. */
import type { Evidence } from '../contract/evidence.ts';
import { type HeldConnection, isMissing } from '../contract/observation.ts';
import type { Transition } from '../contract/report.ts';
import { onWorkersClock } from '../evidence/track.ts';
import type { Said } from './witnesses.ts';

/** Calico's pre-DNAT rules let established connections pass, so one that stood before the deny has to answer after it. */
export function held({ target, marks }: Transition, { observation }: Evidence): Said {
  const of = (result: Said['result'], says: string): Said => ({
    about: 'heldConnection',
    subject: target.id,
    result,
    says,
  });
  const unknown = (why: string): Said =>
    of('UNKNOWN', `whether a connection to ${target.id} outlives the deny is not known: ${why}`);
  if (observation === undefined || isMissing(observation)) return unknown('none was held');
  const one = observation.held.find((each) => each.target === target.id);
  if (one === undefined || one.outcome === 'unopened') return unknown('none could be opened before');
  const { clock } = observation;
  const firstSilent = marks.find(({ name }) => name === 'firstSilent');
  const asked = at(one.checkedAt, clock);
  if (firstSilent === undefined) return unknown('the port was never seen to fall silent');
  if (asked < Date.parse(firstSilent.to)) return unknown('it was asked before the port fell silent');
  if (at(one.openedAt, clock) > Date.parse(firstSilent.to))
    return unknown('it was opened only after the port fell silent');
  const opened = `a connection to ${target.id} that was opened before the deny`;
  if (one.outcome === 'answered')
    return of('CONFIRMED', `${opened} still answered after it: the deny refuses new connections and cuts none`);
  return of(
    'CONTRADICTED',
    `${opened} ${ends[one.outcome]}, which a pre-DNAT deny does not do; a server that ends idle connections by its own rules cannot be told apart`,
  );
}

const ends: Readonly<Record<Exclude<HeldConnection['outcome'], 'answered' | 'unopened'>, string>> = {
  silent: 'gave no answer after it',
  closed: 'was closed',
  reset: 'was reset',
};

/** The VM's clock read on the worker's, in milliseconds: its lower end. */
const at = (moment: string, clock: Parameters<typeof onWorkersClock>[2]): number =>
  Date.parse(onWorkersClock(Date.parse(moment), Date.parse(moment), clock).from);
