import { describe } from 'node:test';
import { testEach } from './kill.ts';
import { mutationsOfPolicy } from './mutations-of-policy.ts';

describe('the report tells the truth (W4, W10) about a deny that is none, too wide, late, unsteady or loud:', () =>
  testEach(mutationsOfPolicy));
