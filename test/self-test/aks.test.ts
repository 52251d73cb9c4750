/** The self-test's fixed part where Calico is as AKS installs it: nothing there counts packets by policy. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { testEach } from './kill.ts';
import { mutations } from './mutations.ts';

const chosen = ['policy selects both nodes', 'policy without preDNAT', 'label on the wrong node', 'no listener'];

describe('the report tells the truth (W4, W10) where Calico has its storage only, about', () =>
  testEach(
    chosen.map((name) => mutations.find((each) => each.name === name) ?? assert.fail(`there is no mutation ${name}`)),
    'aks',
  ));
