/** Denied packets that nodes count, who answers, and how far the proof is: beside the proof, on real sockets. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { type Child, startChild } from '../../../lab/process/child.ts';
import { runIn } from '../../../lab/process/run.ts';
import type { Target } from '../../../src/contract/evidence.ts';
import {
  type ProbePlan,
  planOf,
  policyMetricsPort,
  proberCommand,
  proberScript,
} from '../../../src/vantage/prober/probe/plan.ts';
import { type Line, type ProbeOutput, readLine, readOutput } from '../../../src/vantage/prober/probe/read.ts';
import { openStreet, ports, type Street } from './street.ts';

/** Answers every request with what the file holds then. */
const metricsServer = (file: string): string => `
import http.server
class Metrics(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, _, body = open(${JSON.stringify(file)}, "rb").read().partition(b"\\n")
        self.send_response(int(status))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("", ${policyMetricsPort}), Metrics).serve_forever()
`;

const ownAddress = '10.99.0.1';
const labels = (policy: string, srcIP: string): string => `instance="n",policy="${policy}",srcIP="${srcIP}"`;
const sample = (policy: string, count: number, srcIP = ownAddress): string =>
  `calico_denied_packets{${labels(policy, srcIP)}} ${count}\n`;

describe('beside the proof', { timeout: 120_000 }, () => {
  let street: Street;
  let server: Child;
  const folder = mkdtempSync(join(tmpdir(), 'hepflow-counters-'));
  const file = join(folder, 'metrics');
  /** At once, so that nobody reads half of it. */
  const metrics = (body: string, status = 200): void => {
    writeFileSync(`${file}.new`, `${status}\n${body}`);
    renameSync(`${file}.new`, file);
  };
  before(async () => {
    street = await openStreet();
    metrics('');
    server = await startChild({
      name: 'metrics',
      command: ['python3', '-c', metricsServer(file)],
      netns: street.hostNamespace,
      logFile: join(folder, 'metrics.log'),
      ready: async () => (await runIn(street.hostNamespace, ['ss', '-Hltn', `sport = :${policyMetricsPort}`])) !== '',
    });
  });
  after(async () => {
    await server?.stop(0);
    await street?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const at = (port: number, node: string): Target => ({
    id: `${node}:${port}`,
    node,
    address: street.host,
    port,
    kind: port === ports.mute ? 'openPort' : 'nodePort',
  });
  const settings = { connections: 3, timeoutMs: 3000, convergenceMs: 2000, controlPort: ports.mute, soakMs: 0 };
  const witnesses = { interfaceId: 'i', peeringIds: ['near', 'far'], policy: 'hepflow-p' } as const;
  const openPlan = (): ProbePlan =>
    planOf({ targets: [at(ports.open, 'n')], expected: { [`n:${ports.open}`]: 'OPEN' }, settings, witnesses });
  const denyPlan = (): ProbePlan =>
    planOf({
      targets: [at(ports.drop, 'n'), at(ports.open, 'm')],
      expected: { [`n:${ports.drop}`]: 'DROP', [`m:${ports.open}`]: 'OPEN' },
      settings,
      witnesses,
    });

  async function probe(plan: ProbePlan, onLine: (line: Line) => unknown = () => {}): Promise<ProbeOutput> {
    const child = spawn('ip', ['netns', 'exec', street.prober, 'sh', '-c', proberCommand(plan)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(`${line}\n`);
      onLine(readLine(line));
    });
    child.stdin.end(proberScript());
    await once(child, 'close');
    return readOutput(lines.join(''), plan);
  }

  test("a node's count is read before and after the window, and waited for while it lags behind the SYNs that stayed unanswered", async () => {
    metrics(sample('default|hepflow-p|1|deny', 40));
    const output = await probe(denyPlan(), (line) => {
      // The window is over when its connections are told; Felix counts a little later.
      if (line.type === 'answers') setTimeout(() => metrics(sample('default|hepflow-p|1|deny', 52)), 300);
    });
    assert.deepEqual(output.deniedPackets['n'], { source: 'calico_denied_packets', before: 40, after: 52 });
  });

  test('a count that never moves is told as it is, and costs the step two seconds', async () => {
    metrics(sample('default|hepflow-p|1|deny', 7));
    const { deniedPackets, connections } = await probe(denyPlan());
    assert.deepEqual(deniedPackets['n'], { source: 'calico_denied_packets', before: 7, after: 7 });
    assert.equal(connections.filter(({ outcome }) => outcome === 'DROP').length, 3);
  });

  const counted: readonly [promise: string, body: string, count: number | null][] = [
    [
      'samples that name the policy are added up',
      sample('default|hepflow-p|0|deny', 3) + sample('default|hepflow-p|1|deny', 4),
      7,
    ],
    ['a name with its tier before it is the same policy', sample('default|default.hepflow-p|0|deny', 5), 5],
    [
      'another policy, or one whose name goes on, is not it',
      sample('default|hepflow-pp|0|deny', 5) + sample('default|x/hepflow-p|0|deny', 5),
      null,
    ],
    [
      'packets of other sources do not count',
      sample('default|hepflow-p|0|deny', 5, '10.99.0.9') + sample('default|hepflow-p|0|deny', 2),
      2,
    ],
    ['samples without a source count', 'calico_denied_packets{policy="default|hepflow-p|0|deny"} 6\n', 6],
    [
      'numbers may be written with an exponent, and a time may follow',
      'calico_denied_packets{policy="default|hepflow-p|0|deny"} 1.2e+01 1700000000000\n',
      12,
    ],
    [
      'other families do not count',
      `calico_denied_bytes{${labels('default|hepflow-p|0|deny', ownAddress)}} 60\n`,
      null,
    ],
    ['metrics without the family: nothing was denied yet', '# TYPE go_goroutines gauge\ngo_goroutines 7\n', null],
    [
      'lines that are no samples do no harm',
      `calico_denied_packets{ 9\ncalico_denied_packets nothing\n${sample('default|hepflow-p|0|deny', 1)}`,
      1,
    ],
  ];
  for (const [promise, body, count] of counted) {
    test(promise, async () => {
      metrics(body);
      assert.deepEqual((await probe(openPlan())).deniedPackets, {
        n: { source: 'calico_denied_packets', before: count, after: count },
      });
    });
  }

  const refused: readonly [promise: string, answer: () => unknown, why: RegExp][] = [
    [
      'an endpoint that wants TLS',
      () => metrics('Client sent an HTTP request to an HTTPS server.\n', 400),
      /answered HTTP 400 Client sent an HTTP request to an HTTPS server\.$/,
    ],
    ['a page that is not there', () => metrics('no such page', 404), /answered HTTP 404 no such page$/],
    ['something that is not Prometheus', () => metrics('<html>'), /are no metrics$/],
    ['an empty answer', () => metrics(''), /are no metrics$/],
  ];
  for (const [promise, answer, why] of refused) {
    test(`${promise} is a missing witness that says why, and the proof is as ever`, async () => {
      answer();
      const { deniedPackets, connections } = await probe(openPlan());
      assert.match((deniedPackets['n'] as { missing: string }).missing, why);
      assert.ok(connections.every(({ outcome }) => outcome === 'OPEN'));
    });
  }

  test('a port that nobody serves, and one that is silent, are missing witnesses; the proof waits for them hardly', async () => {
    const plan = openPlan();
    const elsewhere = (port: number): ProbePlan => ({ ...plan, deniedPackets: { policy: 'hepflow-p', port } });
    assert.match(
      ((await probe(elsewhere(ports.closed))).deniedPackets['n'] as { missing: string }).missing,
      /^10\.99\.0\.2:30085: Connection refused$/,
    );
    const silent = await probe(elsewhere(ports.drop));
    assert.match(
      (silent.deniedPackets['n'] as { missing: string }).missing,
      /^10\.99\.0\.2:30081: it did not answer within 0\.6 s$/,
    );
    const starts = silent.connections.map(({ startedAt }) => Date.parse(startedAt));
    assert.ok(Math.max(...starts) - Math.min(...starts) < 900, 'all dials begin within the time of one look and some');
  });

  test('an open nodePort is asked 16 times who answers; a silent one and other ports are not', async () => {
    metrics('');
    const { answers, connections } = await probe(denyPlan());
    assert.deepEqual(answers, { [`m:${ports.open}`]: { 'node-a frontend-1': 16 } });
    assert.equal(
      connections.filter(({ target, stage }) => target === `m:${ports.open}` && stage === 'proof').length,
      3,
      'and they are no proof',
    );
  });

  test('the proof tells twice a second how far it is, and the last time that it is complete', async () => {
    const live: Extract<Line, { type: 'live' }>[] = [];
    await probe(denyPlan(), (line) => line.type === 'live' && live.push(line));
    assert.ok(live.length >= 5, `${live.length}`);
    const syns = live.map((line) => line.syns[`n:${ports.drop}`] ?? 0);
    assert.deepEqual(
      syns,
      syns.toSorted((a, b) => a - b),
    );
    assert.ok((syns.at(0) ?? 9) < 9 && (syns.at(-1) ?? 0) >= 6, `${syns}`);
    assert.deepEqual([live.at(0)?.seen[`n:${ports.drop}`], live.at(-1)?.seen[`n:${ports.drop}`]], [[], ['DROP']]);
    assert.deepEqual([live.at(-1)?.seen[`m:${ports.open}`], live.at(-1)?.syns[`m:${ports.open}`]], [['OPEN'], 0]);
  });
});
