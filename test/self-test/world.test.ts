import { describe } from 'node:test';
import { testEach } from './kill.ts';
import { mutationsOfWorld } from './mutations-of-world.ts';

describe('the report tells the truth (W4, W10) about a workload, a path or a prober that fails:', () =>
  testEach(mutationsOfWorld));
