/** The page in a real browser. With HEPFLOW_SCREENSHOTS=FOLDER the pictures are kept there. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { renderHtml } from '../../src/report/html.ts';
import { tellRun } from '../support/report.ts';
import { checkout, checkoutNodes } from '../support/scenarios.ts';
import { type Browser, chromium, openBrowser } from './browser.ts';
import { cancelled, doubted, failed, inconclusive, passed } from './runs.ts';

/** What somebody who has never seen hepflow has to find on the page. */
const pages = {
  pass: {
    report: passed,
    says: [
      '✓ PASS',
      '✓ Proved',
      'fell silent 79 to 108 ms after the policy was sent',
      'Who else was asked',
      '✓ agrees',
      'first silent connection',
    ],
  },
  fail: {
    report: failed,
    says: [
      '✗ FAIL',
      '✗ Disproved',
      'It let 1 of 3 connections through',
      '4 of 198 later connections got through',
      'Left behind: 1',
    ],
  },
  inconclusive: {
    report: inconclusive,
    says: ['? INCONCLUSIVE', '? Not decided', 'could not be tried', 'not watched yet', '? missing'],
  },
  doubted: { report: doubted, says: ['? INCONCLUSIVE', '✗ contradicts', 'But: A connection to', 'was reset'] },
  checkout: {
    report: tellRun({ scenario: checkout, nodes: checkoutNodes }),
    says: [
      '✓ PASS',
      'Payment is closed on two nodes',
      'NodePort 31001',
      'the policy no-shop',
      'blue:31000, open to silent',
    ],
  },
  interrupted: { report: cancelled, says: ['■ CANCELLED', '– Not looked at', 'The run ended before it'] },
} as const;

const skip = chromium === undefined ? 'NOT LOOKED AT: no Chromium on this machine (apt install chromium)' : false;

describe('the page in Chromium', { skip }, () => {
  let browser: Browser;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hepflow-pages-'));
    browser = await openBrowser(chromium ?? '');
  });
  after(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  for (const [name, { report, says }] of Object.entries(pages)) {
    for (const scheme of ['light', 'dark'] as const) {
      for (const width of [1280, 400]) {
        test(`of a run that ended ${name} can be read in ${scheme} at ${width} pixels, with nothing cut off and no complaint`, async () => {
          const file = join(folder, `${name}-${scheme}-${width}.html`);
          await writeFile(file, renderHtml(report));
          const seen = await browser.look(pathToFileURL(file).href, { scheme, width });
          if (process.env.HEPFLOW_SCREENSHOTS)
            await writeFile(join(process.env.HEPFLOW_SCREENSHOTS, `${name}-${scheme}-${width}.png`), seen.png);
          assert.deepEqual(seen.complaints, []);
          assert.ok(seen.width <= seen.window, `${seen.width} pixels wide in a window of ${seen.window}`);
          assert.ok(
            seen.height > 800 && seen.height < 1250 * Math.max(16, report.verdicts.length),
            `${seen.height} pixels high`,
          );
          for (const part of says) assert.ok(seen.text.includes(part), `${part} cannot be read`);
          assert.deepEqual(seen.png.subarray(1, 4).toString(), 'PNG');
        });
      }
    }
  }
});
