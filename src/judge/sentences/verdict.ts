/** Verdicts in words, for somebody who was not there. Each function goes with a rule of judge.ts. */
import type { Connection } from '../../contract/evidence.ts';
import { counted, type Facts } from '../facts.ts';
import { listed } from '../witnesses.ts';

const portOf = ({ row }: Facts): string => row.target.id;

export const otherPhase = (facts: Facts): string =>
  `The evidence is from phase ${facts.evidence.phase}, so it says nothing about ${portOf(facts)} in phase ${facts.row.phase}.`;

export const nothingDialled = (facts: Facts): string =>
  `${portOf(facts)} was not dialled, so nothing is known about it.`;

export const faulty = (facts: Facts): string => {
  const faults = facts.proof.filter(({ outcome }) => outcome === 'PROBE_FAULT');
  return `${faults.length} of ${connections(facts.proof.length)} to ${portOf(facts)} could not be tried: ${faults[0]?.fault ?? 'no reason is known'}.`;
};

export const noControls = (facts: Facts): string =>
  `${portOf(facts)} showed ${seenIn(facts)}, but no control was named, and silence alone proves nothing.`;

export const controlFailed = (facts: Facts): string => {
  const dead = facts.controls.filter(({ live }) => !live).map(({ control, seen }) => `${control} (${seen})`);
  return `${portOf(facts)} showed ${seenIn(facts)}, but that proves nothing: ${listed(dead)} did not answer before, during and after.`;
};

export const backendNotReady = (facts: Facts): string => {
  const { before, after } = facts.evidence.backends;
  return `${portOf(facts)} showed ${seenIn(facts)}, but that proves nothing: the service had ${before.readyEndpoints} ready endpoints before and ${after.readyEndpoints} after.`;
};

export const pathDead = (facts: Facts): string =>
  `${portOf(facts)} did not answer, but neither did anything else: the path from the VM is dead, so nothing is known about this port.`;

export const leaked = (facts: Facts): string => {
  const through = facts.proof.filter(({ outcome }) => outcome === 'OPEN');
  const all = through.length === facts.proof.length;
  const how = all
    ? `answered ${allOf(through)}`
    : `let ${through.length} of ${connections(facts.proof.length)} through`;
  return `${portOf(facts)} should have kept silent, but ${how}, the quickest in ${duration(quickest(through))}${fromBackends(facts.proof)}.`;
};

export const leakedWhileWatched = (facts: Facts): string => {
  const { leaks, dials } = facts.watched;
  const when = leaks.length === 1 ? 'at' : 'the first at';
  return `${portOf(facts)} fell silent, but let ${leaks.length} of ${connections(dials)} of the observer through after that, ${when} ${leaks[0]?.from ?? ''}.`;
};

export const refusedInstead = (facts: Facts): string =>
  `${portOf(facts)} should have kept silent, but refused ${facts.proof.filter(isRefusal).length} of ${connections(facts.proof.length)} ${refusalIn(facts.proof)}: whoever dialled learns that somebody is there.`;

export const refusedWhileWatched = (facts: Facts): string => {
  const { refusals, dials } = facts.watched;
  const ways = [
    ...(refusals.includes('r') ? ['with a TCP reset'] : []),
    ...(refusals.includes('i') ? ['by ICMP'] : []),
  ];
  return `${portOf(facts)} kept silent, but refused ${refusals.length} of ${connections(dials)} of the observer ${listed(ways)}: whoever dialled learns that somebody is there.`;
};

export const tooLittle = (facts: Facts): string =>
  `${portOf(facts)} kept silent, but ${synsOn(facts)} in ${duration(facts.windowMs)} are too little to tell a deny from bad luck.`;

export const otherCause = (facts: Facts): string =>
  `${portOf(facts)} kept silent, but that need not be the policy’s doing: ${listed(facts.otherCauses)}.`;

export const silent = (facts: Facts): string =>
  `${portOf(facts)} kept silent for ${synsOn(facts)} in ${duration(facts.windowMs)}, while ${listed(facts.controls.map(({ control }) => control))} answered before, during and after.`;

export const notOpen = (facts: Facts): string => {
  if (facts.observed === 'DROP')
    return `${portOf(facts)} should have answered, but kept silent for ${synsOn(facts)} in ${duration(facts.windowMs)}.`;
  if (facts.proof.every(isRefusal))
    return `${portOf(facts)} should have answered, but refused ${allOf(facts.proof)} ${refusalIn(facts.proof)}.`;
  return `${portOf(facts)} should have answered every time, but showed ${seenIn(facts)}.`;
};

export const unsteady = (facts: Facts): string =>
  `${portOf(facts)} answered ${allOf(facts.proof)}, but not every time around them: ${facts.around.seen}.`;

export const answered = (facts: Facts): string =>
  `${portOf(facts)} answered ${allOf(facts.proof)}, the quickest in ${duration(quickest(facts.proof))}${fromBackends(facts.proof)}.`;

const isRefusal = ({ outcome }: Connection): boolean => outcome === 'RST' || outcome === 'ICMP_REJECT';

function refusalIn(proof: readonly Connection[]): string {
  const icmp = proof.find(({ outcome }) => outcome === 'ICMP_REJECT')?.icmp;
  const ways = [
    ...(proof.some(({ outcome }) => outcome === 'RST') ? ['with a TCP reset'] : []),
    ...(icmp ? [`by ICMP (type ${icmp.type}, code ${icmp.code})`] : []),
  ];
  return listed(ways) || 'by ICMP';
}

const seenIn = ({ proof }: Facts): string => counted(proof.map(({ outcome }) => outcome));
const synsOn = ({ syns, proof }: Facts): string =>
  `${syns} ${syns === 1 ? 'SYN' : 'SYNs'} on ${connections(proof.length)}`;
const connections = (count: number): string => `${count} ${count === 1 ? 'connection' : 'connections'}`;
const allOf = (some: readonly Connection[]): string =>
  some.length === 1 ? 'the only connection' : `all ${connections(some.length)}`;
const quickest = (some: readonly Connection[]): number => Math.min(...some.map(({ elapsedMs }) => elapsedMs));

function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 1 ? 'less than 1 ms' : `${Math.round(ms)} ms`;
}

/** Who answered, where the answers say so. */
function fromBackends(proof: readonly Connection[]): string {
  const names = [...new Set(proof.flatMap(({ response }) => response ?? []))];
  return names.length === 0 ? '' : `, served by ${listed(names.slice(0, 3))}`;
}
