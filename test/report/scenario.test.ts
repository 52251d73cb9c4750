/** A scenario that shares nothing with the workshop, in every form. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatGrid } from '../../src/cli/grid-lines.ts';
import { renderReport, reportFormats } from '../../src/cli/report-forms.ts';
import type { GridCell } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import { plain } from '../../src/report/text.ts';
import { tellRun } from '../support/report.ts';
import { checkout, checkoutNodes } from '../support/scenarios.ts';
import { elementsOf } from './well-formed.ts';

const told = tellRun({ scenario: checkout, nodes: checkoutNodes });
const { edge } = checkout.vantages;
assert.ok(edge !== undefined);
const twoVantages = tellRun({ scenario: { ...checkout, vantages: { east: edge, west: edge } }, nodes: checkoutNodes });

/** Words of the workshop's phases, ports, label and objects. */
const workshopWords =
  /baseline|enforced|second|frontend|host-end-point|30080|10250|\blabel\b|both (?:nodes|carry)|node [12]\b/i;

/** On one line, without the rules and the wrapping of a terminal's table. */
const render = (report: Report, format: (typeof reportFormats)[number]): string =>
  renderReport(report, format, {
    stream: process.stdout,
    live: false,
    paint: plain,
    columns: () => 400,
    rows: () => 40,
  });

for (const format of reportFormats) {
  test(`as ${format}, each of three phases on three nodes has its own title, and no word is the workshop's`, () => {
    const text = render(told, format);
    for (const { title } of told.phases) assert.ok(text.includes(title), title);
    for (const { target, phase } of told.verdicts)
      assert.ok(text.includes(target.id) && text.includes(phase), target.id);
    for (const { sentence } of told.transitions)
      assert.ok(
        text.includes(sentence.replaceAll("'", format === 'html' || format === 'junit' ? '&#39;' : "'")),
        sentence,
      );
    assert.doesNotMatch(text.replaceAll(/aria-label(?:ledby)?=/g, ''), workshopWords);
  });
}

test('both phases that close a port for the first time are pictured, each with every node', () => {
  const picture = /<section aria-labelledby="picture">[\s\S]*?<\/section>/.exec(render(told, 'html'))?.[0] ?? '';
  assert.deepEqual(
    [...picture.matchAll(/<figcaption>(.*)<\/figcaption>/g)].map(([, title]) => title),
    ['Payment is closed on two nodes.', 'The store is closed on every node.'],
  );
  for (const { name } of checkoutNodes) assert.equal(picture.match(new RegExp(`>${name}<`, 'g'))?.length, 2);
  assert.equal(picture.match(/stroke-dasharray/g)?.length, 2 + 5);
});

test('the question names two NodePorts, three nodes and both policies', () => {
  assert.match(
    render(told, 'html'),
    /NodePort 31000, NodePort 31001 and port 9100 of 3 nodes[^.]*from edge \([^)]*\)\.[^;]*policy no-pay; the policy no-shop\./,
  );
});

test('with two vantages, every form tells which one dialled a port, and each has its own pictures and commands', () => {
  for (const format of ['text', 'markdown', 'junit'] as const)
    for (const vantage of ['east', 'west'])
      assert.ok(render(twoVantages, format).includes(`red:31001 from ${vantage}`), `${format} ${vantage}`);
  for (const { sentence, vantage } of twoVantages.transitions)
    assert.ok(render(twoVantages, 'text').includes(`${sentence} (from ${vantage})`), sentence);
  const html = render(twoVantages, 'html');
  elementsOf(html);
  for (const part of [
    'Payment is closed on two nodes, from east.',
    'Payment is closed on two nodes, from west.',
    'red:31001 from west, open to silent',
    'ssh -- azureuser@203.0.113.11 nc -zv -w 3 10.9.0.3 9100',
    'probe VM west',
  ])
    assert.ok(html.includes(part), part);
  assert.equal(html.match(/<figure><h3>/g)?.length, twoVantages.transitions.length);
});

test('the grid of a run with two vantages names them, and a heartbeat is shown only where one is being probed', () => {
  const cell = (vantage: string, verdict: GridCell['verdict'] = null): GridCell => ({
    ...{ phase: 'pay-closed', vantage, target: 'red:31001', expected: 'DROP', verdict },
    observed: verdict === null ? null : 'DROP',
  });
  const proof = {
    phase: 'pay-closed',
    stage: 'proof',
    targets: { 'red:31001': { seen: [], syns: 7, synsWanted: 9 } },
  } as const;
  const grid = (...cells: GridCell[]): string[] =>
    formatGrid({ runId: 'x', stage: 'pay-closed', waitingFor: '', steps: [], grid: cells }, proof, plain);
  assert.match(grid(cell('east', 'PASS'), cell('west'))[2] ?? '', /red:31001 from west {2}DROP {6}7 of 9 SYNs silent/);
  assert.match(grid(cell('east'), cell('west'))[1] ?? '', /red:31001 from east {2}DROP {6}not probed yet/);
});
