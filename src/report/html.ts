import type { Report } from '../contract/report.ts';
import { renderChanges } from './html/changes.ts';
import { renderByHand } from './html/commands.ts';
import { renderFindings } from './html/findings.ts';
import { renderPictures } from './html/picture.ts';
import { renderSetting } from './html/setting.ts';
import { renderSteps } from './html/steps.ts';
import { style } from './html/style.ts';
import { renderHead } from './html/summary.ts';
import { renderTimelines } from './html/timeline.ts';
import { renderTrouble } from './html/trouble.ts';
import { renderVerdicts } from './html/verdicts.ts';
import { renderWaterfalls } from './html/waterfall.ts';
import { Markup, markup } from './markup.ts';

/**
 * The report as one HTML page that needs nothing else: no network, no script, no font. Reads on screen (dark and light)
 * and on paper. The same report gives the same page. It is well-formed XML too, but for the first line.
 */
export function renderHtml(report: Report): string {
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
${renderHead(report)}
<main>
${renderTrouble(report)}
${renderPictures(report)}
${renderWaterfalls(report)}
${renderFindings(report)}
${renderVerdicts(report)}
${renderTimelines(report)}
${renderChanges(report)}
${renderSteps(report)}
${renderByHand(report)}
${renderSetting(report)}
</main>
</body>
</html>`;
  return `<!doctype html>\n${page.text}\n`;
}
