/** Verdicts in words, for somebody who was not there. Each exported function goes with a rule of judge.ts. */

import { countThings, listNames } from '../../contract/brief.ts';
import type { BackendHealth, Connection } from '../../contract/evidence.ts';
import type { RowFacts } from '../facts.ts';
import { countOutcomes, formatDuration } from './words.ts';

export const explainOtherEvidence = ({ row, evidence }: RowFacts): string =>
  `The evidence is of phase ${evidence.phase} from ${evidence.vantage}. ` +
  `It proves nothing about ${row.target.id} in phase ${row.phase} from ${row.vantage}.`;

export const explainNothingDialled = ({ row }: RowFacts): string =>
  `${row.target.id} was not dialled, so nothing is known about it.`;

export const explainFault = ({ row, proof }: RowFacts): string => {
  const faults = proof.filter(({ outcome }) => outcome === 'PROBE_FAULT');
  const why = faults[0]?.fault ?? 'no reason is known';
  return `${countOf(faults.length, proof.length)} to ${row.target.id} could not be tried: ${why}.`;
};

export const explainNoControl = (facts: RowFacts): string =>
  `${describeSeen(facts)}, but no control was named. Silence alone proves nothing.`;

export const explainFailedControl = (facts: RowFacts): string => {
  const dead = facts.controls.filter(({ live }) => !live).map(({ control, seen }) => `${control} (${seen})`);
  return `${describeSeen(facts)}, but that proves nothing: ${listNames(dead)} did not answer before, during and after.`;
};

export const explainMissingBackends = (facts: RowFacts): string => {
  const { service } = facts.row.target;
  const { before, after } = facts.evidence.backends[service ?? ''] ?? {};
  const why =
    before === undefined
      ? 'whether its service had ready endpoints is not known'
      : `${service} had ${countReady(before)} before and ${after?.readyEndpoints} after`;
  return `${describeSeen(facts)}, but that proves nothing: ${why}.`;
};

export const explainDeadPath = ({ row, evidence }: RowFacts): string =>
  `${row.target.id} did not answer, but nothing else did either. ` +
  `The path from ${evidence.vantage} is dead, so nothing is known about this port.`;

export const explainLeak = ({ row, proof }: RowFacts): string => {
  const through = proof.filter(({ outcome }) => outcome === 'OPEN');
  const how =
    through.length === proof.length
      ? `answered ${describeAll(through)}`
      : `let ${countOf(through.length, proof.length)} through`;
  return `${row.target.id} should not have answered. It ${how}, ${describeQuickest(through)}.`;
};

export const explainObservedLeak = ({ row, observer }: RowFacts): string => {
  const { leaks, dials } = observer;
  const through = `${countOf(leaks.length, dials)} of the observer through after that`;
  const when = `${leaks.length === 1 ? 'at' : 'the first at'} ${leaks[0]?.from}`;
  return `${row.target.id} fell silent, but let ${through}, ${when}.`;
};

export const explainRefusal = ({ row, proof }: RowFacts): string => {
  const what = `${countOf(proof.filter(isRefusal).length, proof.length)} ${describeRefusals(proof)}`;
  return `${row.target.id} should not have answered. It refused ${what}, ${lesson}.`;
};

export const explainObservedRefusal = ({ row, observer }: RowFacts): string => {
  const { refusals, dials } = observer;
  const ways = [
    ...(refusals.includes('r') ? ['with a TCP reset'] : []),
    ...(refusals.includes('i') ? ['by ICMP'] : []),
  ];
  const what = `${countOf(refusals.length, dials)} of the observer ${listNames(ways)}`;
  return `${row.target.id} did not answer, but refused ${what}, ${lesson}.`;
};

export const explainTooLittle = (facts: RowFacts): string =>
  `${facts.row.target.id} did not answer, but ${describeProof(facts)} are too little to tell a deny from lost packets.`;

export const explainOtherCause = ({ row, otherCauses }: RowFacts): string =>
  `${row.target.id} did not answer, but the policy need not be the cause: ${listNames(otherCauses)}.`;

export const explainSilence = (facts: RowFacts): string =>
  `${facts.row.target.id} did not answer: ${describeProof(facts)}. ` +
  `${listNames(facts.row.controls)} answered before, during and after.`;

export const explainNotOpen = (facts: RowFacts): string => {
  const { row, proof, observed } = facts;
  if (observed === 'DROP') return `${row.target.id} should have answered. It did not: ${describeProof(facts)}.`;
  if (proof.every(isRefusal))
    return `${row.target.id} should have answered. It refused ${describeAll(proof)} ${describeRefusals(proof)}.`;
  return `${row.target.id} should have answered every time. It showed ${listOutcomes(proof)}.`;
};

export const explainUnsteadiness = ({ row, proof, around }: RowFacts): string =>
  `${row.target.id} answered ${describeAll(proof)}, but not every dial around them: ${around.seen}.`;

export const explainAnswers = ({ row, proof }: RowFacts): string =>
  `${row.target.id} answered ${describeAll(proof)}, ${describeQuickest(proof)}.`;

/** Why a refusal is no silence. */
const lesson = 'so whoever dials learns that a host is there';

const isRefusal = ({ outcome }: Connection): boolean => outcome === 'RST' || outcome === 'ICMP_REJECT';

function describeRefusals(proof: readonly Connection[]): string {
  const icmp = proof.find(({ outcome }) => outcome === 'ICMP_REJECT')?.icmp;
  const ways = [
    ...(proof.some(({ outcome }) => outcome === 'RST') ? ['with a TCP reset'] : []),
    ...(icmp ? [`by ICMP (type ${icmp.type}, code ${icmp.code})`] : []),
  ];
  return listNames(ways) || 'by ICMP';
}

const listOutcomes = (proof: readonly Connection[]): string => countOutcomes(proof.map(({ outcome }) => outcome));
const countReady = ({ readyEndpoints }: BackendHealth): string => countThings(readyEndpoints, 'ready endpoint');
const describeSeen = ({ row, proof }: RowFacts): string => `${row.target.id} showed ${listOutcomes(proof)}`;
const countOf = (some: number, all: number): string => `${some} of ${countConnections(all)}`;
const countConnections = (count: number): string => countThings(count, 'connection');

/** `9 SYNs on 3 connections in 3.0 s`. */
const describeProof = ({ syns, proof, windowMs }: RowFacts): string =>
  `${countThings(syns, 'SYN')} on ${countConnections(proof.length)} in ${formatDuration(windowMs)}`;

const describeAll = (some: readonly Connection[]): string =>
  some.length === 1 ? 'the only connection' : `all ${countConnections(some.length)}`;

/** The quickest one, and who answered, where the answers name somebody. */
function describeQuickest(answered: readonly Connection[]): string {
  const quickestMs = Math.min(...answered.map(({ elapsedMs }) => elapsedMs));
  const names = [...new Set(answered.flatMap(({ response }) => response ?? []))];
  const served = names.length === 0 ? '' : `, served by ${listNames(names.slice(0, 3))}`;
  return `the quickest in ${formatDuration(quickestMs)}${served}`;
}
