import type { Report } from '../contract/report.ts';
import { changes } from './html/changes.ts';
import { byHand } from './html/commands.ts';
import { findings } from './html/findings.ts';
import { pictures } from './html/picture.ts';
import { setting } from './html/setting.ts';
import { steps } from './html/steps.ts';
import { style } from './html/style.ts';
import { head } from './html/summary.ts';
import { timelines } from './html/timeline.ts';
import { trouble } from './html/trouble.ts';
import { verdictTables } from './html/verdicts.ts';
import { waterfalls } from './html/waterfall.ts';
import { Markup, markup } from './markup.ts';

/**
 * The report as one HTML page that needs nothing else: no network, no script, no font. Reads on screen (dark and light) and on paper.
 * The same report gives the same page. It is well-formed XML too, but for the first line.
 */
export function toHtml(report: Report): string {
  const page = markup`<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
<title>hepflow run ${report.runId}: ${report.outcome}</title>
<style>${new Markup(style)}</style>
</head>
<body>
${head(report)}
<main>
${trouble(report)}
${pictures(report)}
${waterfalls(report)}
${findings(report)}
${verdictTables(report)}
${timelines(report)}
${changes(report)}
${steps(report)}
${byHand(report)}
${setting(report)}
</main>
</body>
</html>`;
  return `<!doctype html>\n${page.text}\n`;
}
