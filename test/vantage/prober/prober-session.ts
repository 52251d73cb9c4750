import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createProbeCommand, type ProbePlan, readProbeProgram } from '../../../src/vantage/prober/probe/plan.ts';
import {
  type ProbeLine,
  type ProbeOutput,
  readProbeLine,
  readProbeOutput,
} from '../../../src/vantage/prober/probe/read.ts';

/** Runs the prober as SSH would start it, in a network namespace. */
export async function runProber(
  netns: string,
  plan: ProbePlan,
  onLine: (line: ProbeLine) => unknown = () => {},
): Promise<ProbeOutput> {
  const child = spawn('ip', ['netns', 'exec', netns, 'sh', '-c', createProbeCommand(plan)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(`${line}\n`);
    onLine(readProbeLine(line));
  });
  child.stdin.end(readProbeProgram());
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
  return readProbeOutput(lines.join(''), plan);
}
