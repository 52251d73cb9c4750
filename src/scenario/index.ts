/** The built-in scenarios, one a line. */
import type { Mission } from '../contract/mission.ts';
import type { Scenario } from '../contract/scenario.ts';
import { createWorkshop } from './workshop.ts';

const scenarios: ReadonlyMap<string, (mission: Mission) => Scenario> = new Map([['workshop', createWorkshop]]);

/** The scenario of that name for a mission; undefined: this version has none of that name. */
export const createScenario = (name: string, mission: Mission): Scenario | undefined => scenarios.get(name)?.(mission);
