/**
 * The page's only style sheet. Nothing in it needs escaping in XML, so no `>` and no `&`. Colours never stand alone:
 * each has a word or a shape beside it.
 */
export const style = `
:root { color-scheme: light dark; --ground: #ffffff; --sheet: #f5f6f8; --line: #d5d9e0;
  --ink: #1b1f27; --faint: #59616e; --good: #0b7a43; --bad: #c21f32; --unsure: #8a5a00; --other: #6b3fb5;
  --bar: #3d6fc4; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14171c; --sheet: #1d2128; --line: #3a414d; --ink: #e7eaf0; --faint: #a2abb9;
    --good: #4cc98a; --bad: #ff7482; --unsure: #e6b045; --other: #bb97f5; --bar: #7ea6ee; }
}
@media print {
  :root { color-scheme: light; --ground: #ffffff; --sheet: #ffffff; --line: #b8bec8; --ink: #000000; --faint: #444444;
    --good: #0b7a43; --bad: #c21f32; --unsure: #8a5a00; --other: #6b3fb5; --bar: #3d6fc4; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 24px 20px 60px; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; }
h1 { font-size: 1.05rem; font-weight: 600; color: var(--faint); margin: 0 0 12px; }
h2 { font-size: 1.25rem; margin: 40px 0 8px; padding-bottom: 4px; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 22px 0 6px; }
p { margin: 6px 0 10px; max-width: 80ch; }
code, pre, .mono { font-size: 0.88em;
  font-family: ui-monospace, 'Cascadia Mono', Menlo, 'DejaVu Sans Mono', monospace; }
code { overflow-wrap: anywhere; }
pre { background: var(--sheet); border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px;
  margin: 6px 0 12px; white-space: pre-wrap; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: 6px 0 12px; }
th, td { text-align: left; vertical-align: top; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); }
th { color: var(--faint); font-weight: 600; font-size: 0.85em; white-space: nowrap; }
td.port { min-width: 19em; }
td.narrow { white-space: nowrap; }
figure { margin: 10px 0 14px; }
figcaption { color: var(--faint); font-size: 0.9em; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--ink); font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; }
svg text.small { font-size: 12px; fill: var(--faint); }
svg text.mono { font: 12.5px ui-monospace, 'Cascadia Mono', Menlo, 'DejaVu Sans Mono', monospace; }
svg text.strong { font-weight: 700; }
svg.inline { display: inline-block; width: 14px; height: 14px; vertical-align: -2px; }
svg.bar { height: 12px; min-width: 140px; }
summary { cursor: pointer; color: var(--faint); }
.good { color: var(--good); }
.bad { color: var(--bad); }
.unsure { color: var(--unsure); }
.faint { color: var(--faint); }
.other { color: var(--other); }
svg text.good { fill: var(--good); }
svg text.bad { fill: var(--bad); }
svg text.unsure { fill: var(--unsure); }
svg text.faint { fill: var(--faint); }
.ink { color: var(--ink); } .said { margin: 2px 0; max-width: none; } .bar { color: var(--bar); }
.edge { fill: var(--bar); fill-opacity: 0.16; }
.asked { stroke: var(--bar); stroke-dasharray: 5 3; }
.unwatched { fill: var(--line); fill-opacity: 0.55; }
.mark { font-weight: 700; white-space: nowrap; }
.outcome { display: inline-block; padding: 4px 16px; border-radius: 8px; border: 3px solid currentColor;
  font-size: 1.7rem; font-weight: 800; letter-spacing: 0.03em; }
.lead { font-size: 1.3rem; line-height: 1.4; font-weight: 600; max-width: 62ch; margin: 14px 0; }
.claims { list-style: none; margin: 12px 0; padding: 0; }
.claim { display: grid; grid-template-columns: 11em 1fr; gap: 12px; padding: 8px 12px;
  border-left: 5px solid currentColor; background: var(--sheet); margin: 6px 0; border-radius: 0 6px 6px 0; }
.claim .text { color: var(--ink); }
.box { border: 2px solid currentColor; border-radius: 8px; padding: 4px 16px; margin: 18px 0; }
.box h2 { border: 0; margin: 8px 0 4px; } .box .ink { color: var(--ink); }
.legend span { margin-right: 18px; white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; margin: 8px 0; }
dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
.area { fill: var(--sheet); stroke: var(--line); } .card { fill: var(--ground); stroke: var(--faint); }
.port { fill: var(--sheet); stroke: currentColor; }
.axis { stroke: var(--line); } .run { fill: var(--bar); } .track { fill: var(--sheet); }
@media screen and (max-width: 640px) {
  .claim { grid-template-columns: 1fr; gap: 0; }
  dl { grid-template-columns: 1fr; }
  .legend span { white-space: normal; }
  figure { overflow-x: auto; } figure svg:not(.inline) { min-width: 720px; }
  table, tbody, tr, td { display: block; }
  thead { display: none; }
  tr { border-bottom: 1px solid var(--line); padding: 6px 0; }
  td { border: 0; padding: 1px 0; }
  td.narrow { white-space: normal; }
  td.port { min-width: 0; }
  h1, h2, h3, p, td { overflow-wrap: anywhere; }
}
@media print {
  body { print-color-adjust: exact; font-size: 12px; padding: 0; }
  td.port { min-width: 14em; }
  h2, h3 { break-after: avoid; }
  figure, tr, .claim, .box { break-inside: avoid; }
}
`;
