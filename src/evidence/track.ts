/** Reading and writing of an observer's tracks, and where a slot lies on the worker's clock. Pure. */
import type { Interval, Observation, Track } from '../contract/observation.ts';

/** What one dial showed, as in `Track`. */
export type Dial = 'o' | 'd' | 'r' | 'i' | 'f' | '-';

/** More than any observer's memory holds, so that no evidence, whoever wrote it, is read for long. */
const slotLimit = 100_000;

const runs = /(\d+)([odrif-])/gy;

/**
 * One letter for each slot; slots beyond the track's end were not dialled. Throws RangeError when it is no track, or
 * has more slots than there were.
 */
export function readTrack(track: Track, slots: number): readonly Dial[] {
  if (slots > slotLimit) throw new RangeError(`No observer has ${slots} slots.`);
  const dials: Dial[] = [];
  let read = 0;
  for (const [whole, count, letter] of track.matchAll(runs)) {
    read += whole.length;
    if (dials.length + Number(count) > slots) throw new RangeError(`A track has more than ${slots} slots.`);
    for (let left = Number(count); left > 0; left -= 1) dials.push(letter as Dial);
  }
  if (read !== track.length) throw new RangeError(`Not a track from its character ${read} on.`);
  while (dials.length < slots) dials.push('-');
  return dials;
}

/** The shortest track with the same letters; trailing slots that were not dialled are kept. */
export function writeTrack(dials: readonly Dial[]): Track {
  const found: { letter: Dial; count: number }[] = [];
  for (const letter of dials) {
    const last = found.at(-1);
    if (last?.letter === letter) last.count += 1;
    else found.push({ letter, count: 1 });
  }
  return found.map(({ letter, count }) => `${count}${letter}`).join('');
}

/** When a slot's dial began, on the worker's clock: its width is the dial's lateness and the clocks' uncertainty. */
export function locateDial({ startedAt, cadenceMs, latenessMs, clock }: Observation, slot: number): Interval {
  const start = Date.parse(startedAt) + slot * cadenceMs;
  return toWorkersClock(start, start + latenessMs, clock);
}

/** A stretch of the VM's clock in milliseconds, as the worker's clock may have shown it at most. */
export function toWorkersClock(
  fromMs: number,
  toMs: number,
  { offsetMs, uncertaintyMs }: Observation['clock'],
): Interval {
  return {
    from: new Date(Math.floor(fromMs - offsetMs - uncertaintyMs)).toISOString(),
    to: new Date(Math.ceil(toMs - offsetMs + uncertaintyMs)).toISOString(),
  };
}
