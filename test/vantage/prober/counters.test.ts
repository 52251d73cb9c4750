/** Denied packets that nodes count, who answers, and how far the proof is: beside the proof, on real sockets. */
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { type Child, startChild } from '../../../lab/process/child.ts';
import { runIn } from '../../../lab/process/run.ts';
import type { Target } from '../../../src/contract/evidence.ts';
import type { Witness } from '../../../src/contract/vantage.ts';
import { createProbePlan, type ProbePlan, policyMetricsPort } from '../../../src/vantage/prober/probe/plan.ts';
import type { ProbeLine, ProbeOutput } from '../../../src/vantage/prober/probe/read.ts';
import { runProber } from './prober-session.ts';
import { openStreet, ports, type Street, targetAt } from './street.ts';

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
  afterEach(() => street.reset());

  const at = (port: number, node: string, address = street.host): Target => ({
    ...targetAt(address, port),
    ...{ id: `${node}:${port}`, node },
  });
  const settings = { connections: 3, timeoutMs: 3000, convergenceMs: 2000, controlPort: ports.mute, soakMs: 0 };
  const witnesses = (...policies: string[]) => ({ kind: 'azureVm', ask: {}, policies });
  const openPlan = (...policies: string[]): ProbePlan =>
    createProbePlan({
      targets: [at(ports.open, 'n')],
      expected: { [`n:${ports.open}`]: 'OPEN' },
      settings,
      witnesses: witnesses(...policies),
    });
  const denyPlan = (...policies: string[]): ProbePlan =>
    createProbePlan({
      targets: [at(ports.drop, 'n'), at(ports.open, 'm')],
      expected: { [`n:${ports.drop}`]: 'DROP', [`m:${ports.open}`]: 'OPEN' },
      settings,
      witnesses: witnesses(...policies),
    });

  const probe = (plan: ProbePlan, onLine?: (line: ProbeLine) => unknown): Promise<ProbeOutput> =>
    runProber(street.prober, plan, onLine);
  /** Changes the metrics a little after the window is over, as Felix does: its connections are reported by then. */
  const afterWindow = (body: string) => (line: ProbeLine) => {
    if (line.type === 'answers') setTimeout(() => metrics(body), 300);
  };
  function witnessOn(node: string, { deniedPackets }: ProbeOutput): Witness {
    const found = deniedPackets.filter(({ about }) => about === node);
    assert.equal(found.length, 1);
    return found[0] as Witness;
  }
  const summaryOn = (node: string, output: ProbeOutput): readonly [Witness['says'], number | undefined] => {
    const { says, packets } = witnessOn(node, output);
    return [says, packets];
  };

  test("a node's count is read before and after the window, and awaited until it covers the silent SYNs", async () => {
    metrics(sample('default|hepflow-p|1|deny', 40));
    const output = await probe(denyPlan('hepflow-p'), afterWindow(sample('default|hepflow-p|1|deny', 52)));
    assert.deepEqual(witnessOn('n', output), {
      by: 'deniedPackets',
      title: "The nodes' own packet counters",
      of: 'policy',
      about: 'n',
      says: 'blocks',
      because: 'calico_denied_packets',
      packets: 12,
    });
  });

  test('a count that never moves is no denied packet, and costs the step two seconds', async () => {
    metrics(sample('default|hepflow-p|1|deny', 7));
    let windowOverAt = 0;
    const output = await probe(denyPlan('hepflow-p'), ({ type }) => {
      if (type === 'answers') windowOverAt = performance.now();
    });
    const waitedMs = performance.now() - windowOverAt;
    assert.ok(waitedMs >= 2000 && waitedMs < 4000, `${waitedMs} ms`);
    assert.deepEqual(summaryOn('n', output), ['allows', 0]);
    assert.equal(output.connections.filter(({ outcome }) => outcome === 'DROP').length, 3);
  });

  test('a counter that appears within the window counts from 0', async () => {
    metrics('# TYPE go_goroutines gauge\n');
    const output = await probe(denyPlan('hepflow-p'), afterWindow(sample('default|hepflow-p|1|deny', 11)));
    assert.deepEqual(summaryOn('n', output), ['blocks', 11]);
  });

  test('a counter that began anew within the window is a missing witness', async () => {
    metrics(sample('default|hepflow-p|1|deny', 40));
    const output = await probe(denyPlan('hepflow-p'), afterWindow(sample('default|hepflow-p|1|deny', 9)));
    assert.deepEqual(summaryOn('n', output), ['missing', undefined]);
    assert.equal(witnessOn('n', output).because, 'calico_denied_packets began anew meanwhile');
  });

  test('the counts of several policies are added up, each from where it stood; others do not count', async () => {
    const all = (web: string, shop: number, other: number): string =>
      web + sample('security|hepflow-shop|0|deny', shop) + sample('default|other|0|deny', other);
    metrics(all('', 30, 5));
    const later = all(sample('default|hepflow-web|0|deny', 4), 38, 500);
    const output = await probe(denyPlan('hepflow-web', 'hepflow-shop'), afterWindow(later));
    assert.deepEqual(summaryOn('n', output), ['blocks', 12]);
  });

  test('each of three nodes is a witness of its own, at its own address', async () => {
    const [second, third] = ['10.99.0.3', '10.99.0.4'] as const;
    for (const address of [second, third])
      await runIn(street.hostNamespace, ['ip', 'address', 'add', `${address}/24`, 'dev', 'eth0']);
    await street.rule(`ip daddr ${third} tcp dport ${policyMetricsPort} reject with tcp reset`);
    const targets = [at(ports.drop, 'n'), at(ports.open, 'm', second), at(ports.drop, 'o', third)];
    const expected = { [`n:${ports.drop}`]: 'DROP', [`m:${ports.open}`]: 'OPEN', [`o:${ports.drop}`]: 'DROP' } as const;
    metrics(sample('default|hepflow-p|1|deny', 40));
    const plan = createProbePlan({ targets, expected, settings, witnesses: witnesses('hepflow-p') });
    const output = await probe(plan, afterWindow(sample('default|hepflow-p|1|deny', 51)));
    assert.deepEqual(
      ['n', 'm', 'o'].map((node) => summaryOn(node, output)),
      [
        ['blocks', 11],
        ['blocks', 11],
        ['missing', undefined],
      ],
    );
    assert.equal(witnessOn('o', output).because, `${third}:${policyMetricsPort}: Connection refused`);
    assert.deepEqual(Object.keys(output.answers), [`m:${ports.open}`]);
  });

  /** `count`: null where no counter names the policy. */
  const counted: readonly [promise: string, body: string, count: number | null][] = [
    [
      'samples that name the policy are added up',
      sample('default|hepflow-p|0|deny', 3) + sample('default|hepflow-p|1|deny', 4),
      7,
    ],
    ['a name with its tier in front is the same policy', sample('default|default.hepflow-p|0|deny', 5), 5],
    [
      'another policy, or one with a longer name, does not count',
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
    ['metrics without the family give no count', '# TYPE go_goroutines gauge\ngo_goroutines 7\n', null],
    [
      'lines that are no samples are passed over',
      `calico_denied_packets{ 9\ncalico_denied_packets nothing\n${sample('default|hepflow-p|0|deny', 1)}`,
      1,
    ],
  ];
  for (const [promise, body, count] of counted) {
    test(promise, async () => {
      metrics(body);
      const lines: ProbeLine[] = [];
      const output = await probe(openPlan('hepflow-p'), (line) => lines.push(line));
      const found = count === null ? {} : { 'hepflow-p': count };
      assert.deepEqual(
        lines.filter(({ type }) => type === 'counter'),
        [{ type: 'counter', node: 'n', source: 'calico_denied_packets', before: found, after: found }],
      );
      assert.deepEqual(summaryOn('n', output), count === null ? ['missing', undefined] : ['allows', 0]);
    });
  }

  test('of two policies, each sample counts for the one that it names', async () => {
    metrics(sample('default|hepflow-p|0|deny', 3) + sample('security|security.hepflow-q|1|deny', 4));
    const lines: ProbeLine[] = [];
    await probe(openPlan('hepflow-p', 'hepflow-q'), (line) => lines.push(line));
    const found = { 'hepflow-p': 3, 'hepflow-q': 4 };
    assert.deepEqual(
      lines.filter(({ type }) => type === 'counter'),
      [{ type: 'counter', node: 'n', source: 'calico_denied_packets', before: found, after: found }],
    );
  });

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
    test(`${promise} is a missing witness with the reason, and does not change the proof`, async () => {
      answer();
      const output = await probe(openPlan('hepflow-p'));
      assert.equal(witnessOn('n', output).says, 'missing');
      assert.match(witnessOn('n', output).because, why);
      assert.ok(output.connections.every(({ outcome }) => outcome === 'OPEN'));
    });
  }

  test('a metrics port that is closed or silent is a missing witness, and hardly delays the proof', async () => {
    const plan = openPlan('hepflow-p');
    const elsewhere = (port: number): ProbePlan => ({ ...plan, deniedPackets: { policies: ['hepflow-p'], port } });
    const closed = witnessOn('n', await probe(elsewhere(ports.closed)));
    assert.deepEqual([closed.says, closed.because], ['missing', '10.99.0.2:30085: Connection refused']);
    const output = await probe(elsewhere(ports.drop));
    const silent = witnessOn('n', output);
    assert.deepEqual([silent.says, silent.because], ['missing', '10.99.0.2:30081: it did not answer within 0.6 s']);
    const starts = output.connections.map(({ startedAt }) => Date.parse(startedAt));
    assert.ok(Math.max(...starts) - Math.min(...starts) < 900, 'all dials begin within little more than one look');
  });

  test('an open nodePort is asked 16 times who answers; silent ones and other ports are not asked', async () => {
    metrics('');
    const { answers, connections } = await probe(denyPlan('hepflow-p'));
    assert.deepEqual(answers, { [`m:${ports.open}`]: { 'node-a frontend-1': 16 } });
    assert.equal(
      connections.filter(({ target, stage }) => target === `m:${ports.open}` && stage === 'proof').length,
      3,
      'and they are no proof',
    );
  });

  test('the proof reports twice a second how far it is, and at last that it is complete', async () => {
    const live: Extract<ProbeLine, { type: 'live' }>[] = [];
    await probe(denyPlan('hepflow-p'), (line) => line.type === 'live' && live.push(line));
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
