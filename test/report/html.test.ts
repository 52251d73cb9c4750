import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMissing } from '../../src/contract/observation.ts';
import { findProof } from '../../src/contract/report.ts';
import { renderHtml } from '../../src/report/html.ts';
import { tellRun } from '../support/report.ts';
import {
  broken,
  cancelled,
  doubted,
  everyKind,
  failed,
  inconclusive,
  nodes,
  passed,
  running,
  skipping,
  tested,
} from './runs.ts';
import { elementsOf } from './well-formed.ts';

/** What a reader sees: without tags and entities, white space as one blank. */
const textOf = (html: string): string => {
  const entities: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' };
  return html
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&(?:lt|gt|quot|#39|amp);/g, (entity) => entities[entity] ?? entity)
    .replaceAll(/\s+/g, ' ');
};
const claims = (html: string): string[] =>
  [...html.matchAll(/<li class="claim [\s\S]*?<\/li>/g)].map(([claim]) => textOf(claim).trim());
const sectionOf = (html: string, id: string): string =>
  new RegExp(`<section aria-labelledby="${id}">[\\s\\S]*?</section>`).exec(html)?.[0] ?? '';

for (const [name, each] of Object.entries(everyKind)) {
  test(`the page of a run that ${name} stands alone: well-formed, without scripts, and nothing in it is loaded from elsewhere`, () => {
    const html = renderHtml(each);
    const elements = elementsOf(html);
    for (const forbidden of ['script', 'link', 'img', 'iframe', 'object', 'a', 'image', 'use', 'base'])
      assert.ok(!elements.includes(forbidden), forbidden);
    assert.doesNotMatch(html, /https?:|\s(?:src|href|on\w+)=|@import|url\(/i);
    assert.deepEqual([elements[0], elements.filter((one) => one === 'h1').length], ['html', 1]);
    assert.match(html, /<meta http-equiv="Content-Security-Policy" content="default-src &?#?'none'/);
  });

  test(`the page of a run that ${name} says outcome and summary first, and every verdict's sentence`, () => {
    const text = textOf(renderHtml(each));
    assert.ok(
      text.indexOf(each.outcome) < text.indexOf(each.summary) && text.indexOf(each.summary) < 400,
      text.slice(0, 500),
    );
    for (const { sentence } of each.verdicts) assert.ok(text.includes(sentence), sentence);
    for (const { what, why, command } of each.leftovers)
      for (const part of [what, why, command]) assert.ok(text.includes(part), part);
    for (const warning of each.warnings) assert.ok(text.includes(warning), warning);
  });
}

test('the top of the page reports phase by phase what was proved, what was not, and what was not looked at', () => {
  const states = (html: string): string[] =>
    claims(html).map((claim) => /Proved|Disproved|Not decided|Not looked at/.exec(claim)?.[0] ?? claim);
  assert.deepEqual(states(renderHtml(passed)), ['Proved', 'Proved', 'Proved', 'Proved']);
  assert.deepEqual(states(renderHtml(failed)), ['Proved', 'Disproved', 'Proved', 'Proved']);
  assert.deepEqual(states(renderHtml(inconclusive)), ['Proved', 'Proved', 'Not decided', 'Proved']);
  assert.deepEqual(states(renderHtml(skipping)), ['Proved', 'Proved', 'Not looked at', 'Proved']);
  assert.deepEqual(states(renderHtml(running)), Array(4).fill('Not looked at'));
  assert.deepEqual(states(renderHtml(broken)), ['Not looked at']);
  assert.match(claims(renderHtml(broken))[0] ?? '', /The run ended before it had a plan/);
  assert.match(
    claims(renderHtml(failed))[1] ?? '',
    /1 of 4 ports not as it should be: \S+ should not have answered\. It let 1 of 3 connections through/,
  );
  assert.match(claims(renderHtml(cancelled))[2] ?? '', /The run ended before it/);
  assert.match(claims(renderHtml(skipping))[2] ?? '', /The run was asked to pass it by/);
  assert.deepEqual(states(renderHtml(doubted)), ['Proved', 'Not decided', 'Proved', 'Proved']);
  assert.match(
    claims(renderHtml(doubted))[1] ?? '',
    /But: A connection to \S+ that was opened before the deny was reset/,
  );
  assert.match(claims(renderHtml(running))[0] ?? '', /has not come to it yet/);
});

test('the question on top is put from the ports, the vantage and the changes between the phases', () => {
  assert.match(
    textOf(renderHtml(passed)),
    new RegExp(
      'NodePort 30080 and port 10250 of 2 nodes are dialled from outside the cluster, from vm \\(192\\.168\\.1\\.4\\)\\. ' +
        `That is done before and after these changes: host-end-point=test on node ${nodes[0]}; ` +
        `the policy frontend-nodeport-access; host-end-point=test on node ${nodes[1]}\\.`,
    ),
  );
  assert.match(
    textOf(renderHtml(broken)),
    /The test: ports of nodes are dialled from outside the cluster\. That is done before/,
  );
});

test('a failure is shown with every problem and the way out', () => {
  const text = textOf(renderHtml(broken));
  for (const part of [
    'PreflightFailed in preflight',
    'workload.nodePort',
    '30080 belongs to svc. Choose another.',
    'Remedy: Resolve each listed problem.',
  ])
    assert.ok(text.includes(part), part);
});

test('the picture shows what each path did: whole when it answered, cut when it did not, and both enforced and failed phases', () => {
  const pictureOf = (html: string): string => sectionOf(html, 'picture');
  assert.equal(pictureOf(renderHtml(passed)).match(/<svg/g)?.length, 1);
  assert.equal(pictureOf(renderHtml(passed)).match(/stroke-dasharray/g)?.length, 1);
  assert.match(textOf(pictureOf(renderHtml(passed))), /NodePort 30080 silent, as it should be/);
  assert.match(textOf(pictureOf(renderHtml(failed))), /NodePort 30080 1 of 3 answered; should be silent/);
  assert.equal(pictureOf(renderHtml(inconclusive)).match(/<svg/g)?.length, 2);
  assert.equal(pictureOf(renderHtml(broken)), '');
  const early = renderHtml(tellRun({ until: 'baseline' }));
  assert.match(textOf(pictureOf(early)), /Baseline: before any policy\./);
});

test('the picture has the address that the vantage dials from, and who is a control', () => {
  const text = textOf(sectionOf(renderHtml(passed), 'picture'));
  assert.match(text, /probe VM 192\.168\.1\.4 VNet peering, both ways VNet of the cluster aks-vnet/);
  assert.deepEqual(text.match(/(?:NodePort|port) \d+, control/g), ['port 10250, control', 'NodePort 30080, control']);
});

test('every connection of a proof is on the time line once, with a shape for its outcome', () => {
  const lines = (html: string): number => sectionOf(html, 'connections').match(/<g class="\w+"><line/g)?.length ?? 0;
  assert.equal(lines(renderHtml(passed)), passed.verdicts.flatMap((verdict) => findProof(passed, verdict)).length);
  const odd = tellRun({
    until: 'baseline',
    phases: { baseline: { proofs: { [tested[0]]: ['OPEN', 'DROP', 'RST', 'ICMP_REJECT', 'PROBE_FAULT'] } } },
  });
  const shapes = sectionOf(renderHtml(odd), 'connections').matchAll(
    /<path class="\w+" d="([^"]*)" transform="translate\(\d{2}/g,
  );
  assert.equal(new Set([...shapes].map(([, d]) => d)).size, 5);
});

test('each change stands beside what took it back, by its id; two of a kind are told apart', () => {
  const rows = [...sectionOf(renderHtml(passed), 'changes').matchAll(/<tr>[\s\S]*?<\/tr>/g)].map(([one]) =>
    textOf(one),
  );
  assert.equal(rows.length - 1, passed.changes.length);
  for (const { words } of passed.changes) {
    const row = rows.find((one) => one.includes(`${words} 00:`)) ?? '';
    assert.match(row, new RegExp(`✓ ${words} is gone \\(30 ms\\)`), words);
  }
  assert.match(textOf(renderHtml(running)), /\(running\) 00:\d\d:\d\d – not yet/);
});

test('every port has a command that dials it by hand, and its node and service one that shows them', () => {
  const text = textOf(renderHtml(passed));
  for (const [address, port] of [
    ['10.240.0.4', 30080],
    ['10.240.0.35', 30080],
    ['10.240.0.4', 10250],
    ['10.240.0.35', 10250],
  ])
    assert.ok(text.includes(`ssh -- azureuser@203.0.113.10 nc -zv -w 3 ${address} ${port}`), `${address}:${port}`);
  assert.ok(text.includes(`kubectl get node ${nodes[0]} --show-labels`));
  assert.ok(text.includes('kubectl get service -n default frontend-nodeport -o wide'));
});

test('nothing that a report holds can become a tag, an attribute or a shell word of its own', () => {
  const evil = `"><script>alert('1')</script>&lt;\u0000\ud800`;
  const [row] = passed.verdicts;
  const [change] = passed.changes;
  const [moved] = passed.transitions;
  const [phase] = passed.phases;
  const [vantage] = passed.vantages;
  const [finding] = passed.findings;
  assert.ok(row && change && moved && phase && vantage && finding);
  const target = { id: `${evil}:1`, node: evil, address: evil, port: 1, kind: 'nodePort', service: evil } as const;
  const hostile = {
    ...passed,
    workflowId: evil,
    summary: evil,
    scenario: evil,
    warnings: [evil],
    leftovers: [{ what: evil, why: evil, command: evil, reason: 'failed', code: '' }],
    failure: {
      code: 'InvalidInput',
      step: evil,
      message: evil,
      remedy: evil,
      problems: [{ code: 'InvalidInput', field: evil, message: evil, remedy: evil }],
    },
    phases: [
      {
        ...phase,
        title: evil,
        claim: evil,
        expectations: [{ vantage: evil, target: target.id, expected: 'OPEN', controls: [] }],
      },
    ],
    vantages: [{ ...vantage, id: evil, kind: evil, address: evil, sourceAddress: evil, adminUser: evil, kernel: evil }],
    targets: [target],
    verdicts: [{ ...row, vantage: evil, node: evil, sentence: evil, target }],
    transitions: [{ ...moved, vantage: evil, target, sentence: evil, moments: [{ ...moved.moments[0], title: evil }] }],
    findings: [{ ...finding, title: evil, subject: evil, sentence: evil }],
    changes: [{ ...change, words: evil }],
    calico: { flavour: 'oss', version: evil, hostEndpointFlowLogs: 'enabled', hostEndpoints: [evil] },
    cluster: {
      id: evil,
      kubernetesVersion: evil,
      location: evil,
      vnetId: evil,
      nodes: [{ name: evil, internalIp: evil }],
    },
    steps: [
      { name: 'labelNode', subject: evil, outcome: 'done', startedAt: null, endedAt: null, attempts: 1, detail: evil },
    ],
  } as typeof passed;
  const html = renderHtml(hostile);
  assert.ok(!elementsOf(html).includes('script'));
  assert.ok(!html.includes('\u0000') && html.isWellFormed());
  const text = textOf(html);
  assert.ok(text.includes(`"><script>alert('1')</script>&lt;\ufffd\ufffd`));
  assert.ok(text.includes(`nc -zv -w 3 ''\\''"><script>alert(`));
});

test('the same report gives the same page', () => {
  assert.equal(renderHtml(structuredClone(failed)), renderHtml(failed));
});

test('each change has its time line: a row for each moment, a dot for every dial, and its sentence', () => {
  const html = sectionOf(renderHtml(passed), 'transitions');
  const [first] = passed.transitions;
  const seen = passed.evidence.find(({ phase }) => phase === 'enforced')?.observation;
  assert.ok(first !== undefined && seen !== undefined && !isMissing(seen));
  const [figure = ''] = html.split('</figure>');
  for (const { title } of first.moments) assert.ok(textOf(figure).includes(title), title);
  const [, whole = ''] = figure.split('<svg').slice(1);
  assert.equal(whole.match(/h0/g)?.length, seen.slots * Object.keys(seen.tracks).length);
  assert.ok(textOf(html).includes(first.sentence));
  assert.equal(html.match(/<figure>/g)?.length, passed.transitions.length);
});

test('times are counted from the moment at which the change was asked for', () => {
  const [first] = passed.transitions;
  const [figure = ''] = sectionOf(renderHtml(passed), 'transitions').split('</figure>');
  assert.equal(first?.asked?.name, 'policyAccepted');
  assert.match(textOf(figure), /policy sent and accepted \+0 to \+41 ms/);
  assert.match(textOf(figure), /label sent and written −410 to −386 ms/);
});

test('what was not seen of a change is said where it would stand', () => {
  const text = textOf(sectionOf(renderHtml(inconclusive), 'transitions'));
  assert.match(text, /not watched yet/);
  assert.match(text, /not seen: the change showed before the observer looked/);
  assert.match(text, /not seen: the change did not show while it was watched/);
  assert.match(text, /not seen: no observer ran/);
});

test('every connection that got through after the first silence has a ring', () => {
  assert.equal(sectionOf(renderHtml(passed), 'transitions').match(/<circle/g), null);
  const [whole = ''] = sectionOf(renderHtml(failed), 'transitions').split('</figure>');
  assert.equal(
    whole
      .split('<svg')
      .at(-1)
      ?.match(/<circle/g)?.length,
    4,
  );
});

test('who else was asked is shown by source, what contradicts before what agrees, and on top what is missing', () => {
  const text = textOf(sectionOf(renderHtml(doubted), 'findings'));
  for (const { sentence } of doubted.findings) assert.ok(text.includes(sentence), sentence);
  assert.ok(text.indexOf('✗ contradicts') < text.indexOf('✓ agrees A connection'));
  assert.match(
    textOf(renderHtml(doubted)),
    /sources contradict: A connection that [^;]*; The nodes' own packet counters\. Missing, [^:]*: Azure's effective routes\./,
  );
  assert.match(textOf(renderHtml(broken)), /rest on what was seen from the vantage\. Nobody else was asked\./);
});
