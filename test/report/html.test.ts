import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMissing } from '../../src/contract/observation.ts';
import { proofOf } from '../../src/contract/report.ts';
import { toHtml } from '../../src/report/html.ts';
import { markTitles } from '../../src/report/words.ts';
import { broken, cancelled, doubted, everyKind, failed, inconclusive, nodes, passed, row, running } from './runs.ts';
import { report, verdict } from './sample.ts';
import { seenIn } from './seen.ts';
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

for (const [name, each] of Object.entries(everyKind)) {
  test(`the page of a run that ${name} stands alone: well-formed, without scripts, and nothing in it is loaded from elsewhere`, () => {
    const html = toHtml(each);
    const elements = elementsOf(html);
    for (const forbidden of ['script', 'link', 'img', 'iframe', 'object', 'a', 'image', 'use', 'base'])
      assert.ok(!elements.includes(forbidden), forbidden);
    assert.doesNotMatch(html, /https?:|\s(?:src|href|on\w+)=|@import|url\(/i);
    assert.deepEqual([elements[0], elements.filter((one) => one === 'h1').length], ['html', 1]);
    assert.match(html, /<meta http-equiv="Content-Security-Policy" content="default-src &?#?'none'/);
  });

  test(`the page of a run that ${name} says outcome and summary first, and every verdict's sentence`, () => {
    const text = textOf(toHtml(each));
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

test('the top of the page tells phase by phase what was proved, what was not, and what was not looked at', () => {
  const states = (html: string): string[] =>
    claims(html).map((claim) => /Proved|Disproved|Not decided|Not looked at/.exec(claim)?.[0] ?? claim);
  assert.deepEqual(states(toHtml(passed)), ['Proved', 'Proved', 'Proved', 'Proved']);
  assert.deepEqual(states(toHtml(failed)), ['Proved', 'Disproved', 'Proved', 'Proved']);
  assert.deepEqual(states(toHtml(inconclusive)), ['Proved', 'Proved', 'Not decided', 'Proved']);
  assert.deepEqual(states(toHtml(broken)), ['Not looked at', 'Not looked at', 'Not looked at', 'Not looked at']);
  assert.match(claims(toHtml(failed))[1] ?? '', /1 of 4 ports not as it should be: One of 3 connections got through\./);
  assert.match(claims(toHtml(cancelled))[2] ?? '', /The run ended before it/);
  assert.deepEqual(states(toHtml(doubted)), ['Proved', 'Not decided', 'Proved', 'Proved']);
  assert.match(claims(toHtml(doubted))[1] ?? '', /But: A connection to \S+ that was opened before the deny was reset/);
  assert.match(claims(toHtml(running))[0] ?? '', /has not come to it yet/);
});

test('a failure is shown with every problem and the way out', () => {
  const text = textOf(toHtml(broken));
  for (const part of [
    'PreflightFailed in preflight',
    'workload.nodePort',
    '30080 belongs to svc. Choose another.',
    'Remedy: Resolve each listed problem.',
  ])
    assert.ok(text.includes(part), part);
});

test('the picture shows what each path did: whole when it answered, cut when it kept silent, and both enforced and failed phases', () => {
  const pictureOf = (html: string): string =>
    /<section aria-labelledby="picture">[\s\S]*?<\/section>/.exec(html)?.[0] ?? '';
  assert.equal(pictureOf(toHtml(passed)).match(/<svg/g)?.length, 1);
  assert.equal(pictureOf(toHtml(passed)).match(/stroke-dasharray/g)?.length, 1);
  assert.match(textOf(pictureOf(toHtml(passed))), /NodePort 30080 silent, as it should be/);
  assert.match(textOf(pictureOf(toHtml(failed))), /NodePort 30080 1 of 3 answered; should be silent/);
  assert.equal(pictureOf(toHtml(inconclusive)).match(/<svg/g)?.length, 2);
  assert.equal(pictureOf(toHtml(broken)), '');
});

test('every connection of a proof is on the time line once, with a shape for its outcome', () => {
  const lines = (html: string): number =>
    /<section aria-labelledby="connections">[\s\S]*?<\/section>/.exec(html)?.[0].match(/<g class="\w+"><line/g)
      ?.length ?? 0;
  assert.equal(lines(toHtml(passed)), passed.verdicts.flatMap((verdict) => proofOf(passed, verdict)).length);
  const odd = row('baseline', nodes[0], 30080, { observed: 'MIXED', verdict: 'FAIL' }, [
    'OPEN',
    'DROP',
    'RST',
    'ICMP_REJECT',
    'PROBE_FAULT',
  ]);
  assert.equal(
    new Set(
      [
        ...toHtml(report({ verdicts: [odd], ...seenIn([odd]) })).matchAll(
          /<path class="\w+" d="([^"]*)" transform="translate\(\d{2}/g,
        ),
      ].map(([, d]) => d),
    ).size,
    5,
  );
});

test('each change stands beside what took it back; peerings are told apart by their order', () => {
  const html = toHtml(passed);
  const rows = [...html.matchAll(/<tr>[\s\S]*?<\/tr>/g)].map(([one]) => textOf(one));
  const beside = (changed: string): string => rows.find((one) => one.includes(changed)) ?? '';
  assert.match(beside('Peering from the VM’s VNet'), /✓ the VM’s peering is gone/);
  assert.match(beside('Peering from the cluster’s VNet'), /✓ the cluster’s peering is gone/);
  assert.match(beside(`on node ${nodes[0]}`), /✓ first label is absent again/);
  assert.match(textOf(toHtml(running)), /– not yet/);
});

test('every port has a command that dials it by hand', () => {
  const text = textOf(toHtml(passed));
  for (const [address, port] of [
    ['10.240.0.4', 30080],
    ['10.240.0.35', 30080],
    ['10.240.0.4', 10250],
    ['10.240.0.35', 10250],
  ])
    assert.ok(text.includes(`ssh USER@203.0.113.10 nc -zv -w 3 ${address} ${port}`), `${address}:${port}`);
  assert.ok(text.includes(`kubectl get node ${nodes[0]} --show-labels`));
});

test('nothing that a report holds can become a tag, an attribute or a shell word of its own', () => {
  const evil = `"><script>alert('1')</script>&lt;\u0000\ud800`;
  const hostile = report({
    workflowId: evil,
    summary: evil,
    warnings: [evil],
    leftovers: [{ what: evil, why: evil, command: evil }],
    failure: {
      code: 'InvalidInput',
      step: evil,
      message: evil,
      remedy: evil,
      problems: [{ code: 'InvalidInput', field: evil, message: evil, remedy: evil }],
    },
    verdicts: [
      verdict({
        node: evil,
        sentence: evil,
        target: { id: `${evil}:1`, node: evil, address: evil, port: 1, kind: 'nodePort' },
      }),
      row('enforced', evil, 30080),
    ],
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
  });
  const html = toHtml(hostile);
  assert.ok(!elementsOf(html).includes('script'));
  assert.ok(!html.includes('\u0000') && html.isWellFormed());
  const text = textOf(html);
  assert.ok(text.includes(`"><script>alert('1')</script>&lt;\ufffd\ufffd`));
  assert.ok(text.includes(`nc -zv -w 3 '"><script>alert('\\''1'\\'')</script>`));
});

test('the same report gives the same page', () => {
  assert.equal(toHtml(structuredClone(failed)), toHtml(failed));
});

const sectionOf = (html: string, id: string): string =>
  new RegExp(`<section aria-labelledby="${id}">[\\s\\S]*?</section>`).exec(html)?.[0] ?? '';

test('each change has its time line: a row for each mark, a dot for every dial, and its sentence', () => {
  const html = sectionOf(toHtml(passed), 'transitions');
  const [first] = passed.transitions;
  const seen = passed.evidence.find(({ phase }) => phase === 'enforced')?.observation;
  assert.ok(first !== undefined && seen !== undefined && !isMissing(seen));
  const [figure = ''] = html.split('</figure>');
  for (const { name } of first.marks) assert.ok(textOf(figure).includes(markTitles[name]), name);
  const [, whole = ''] = figure.split('<svg').slice(1);
  assert.equal(whole.match(/h0/g)?.length, seen.slots * Object.keys(seen.tracks).length);
  assert.ok(textOf(html).includes(first.sentence));
  assert.equal(html.match(/<figure>/g)?.length, passed.transitions.length);
});

test('what was not seen of a change is said where it would stand', () => {
  const text = textOf(sectionOf(toHtml(inconclusive), 'transitions'));
  assert.match(text, /not watched yet/);
  assert.match(text, /not seen: the change showed before the observer looked/);
  assert.match(text, /not seen: the change did not show while it was watched/);
  assert.match(text, /not seen: nobody watched/);
});

test('every connection that got through after the first silence has a ring', () => {
  assert.equal(sectionOf(toHtml(passed), 'transitions').match(/<circle/g), null);
  const [whole = ''] = sectionOf(toHtml(failed), 'transitions').split('</figure>');
  assert.equal(
    whole
      .split('<svg')
      .at(-1)
      ?.match(/<circle/g)?.length,
    4,
  );
});

test('who else was asked is told by source, what contradicts before what agrees, and on top what is missing', () => {
  const text = textOf(sectionOf(toHtml(doubted), 'findings'));
  for (const { sentence } of doubted.findings) assert.ok(text.includes(sentence), sentence);
  assert.ok(text.indexOf('✗ contradicts') < text.indexOf('✓ agrees A connection'));
  assert.match(
    textOf(toHtml(doubted)),
    /contradicted by: connections that stood before the deny, the nodes’ packet counters; missing, at least in part: Azure’s routes/,
  );
  assert.match(textOf(toHtml(broken)), /rest on what the VM saw; nobody else was asked/);
});
