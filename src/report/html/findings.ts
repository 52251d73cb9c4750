/** Who else was asked, and whether they agree. */
import type { Finding, FindingAbout, Report } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { byResult, findingTitles, findingWords } from '../words.ts';
import { section, type Tone } from './marks.ts';

const signs: Readonly<Record<Finding['result'], { readonly sign: string; readonly tone: Tone }>> = {
  CONFIRMED: { sign: '✓', tone: 'good' },
  CONTRADICTED: { sign: '✗', tone: 'bad' },
  UNKNOWN: { sign: '?', tone: 'unsure' },
};

export function findings({ findings }: Report): Markup | undefined {
  if (findings.length === 0) return undefined;
  const abouts = Object.keys(findingTitles) as FindingAbout[];
  return section(
    'findings',
    'Who else was asked',
    markup`<p class="faint">The verdicts rest on what the probe VM saw. These sources are independent of it, or ask another question. One that contradicts takes the PASS away; one that is missing is named.</p>
<table><thead><tr><th scope="col">Who</th><th scope="col">What they say</th></tr></thead><tbody>${abouts.flatMap(
      (about) =>
        rowOf(
          about,
          findings.filter((one) => one.about === about),
        ) ?? [],
    )}</tbody></table>`,
  );
}

function rowOf(about: FindingAbout, found: readonly Finding[]): Markup | undefined {
  if (found.length === 0) return undefined;
  const some = byResult(found);
  const said = [...new Set(some.map(({ result, sentence }) => `${result} ${sentence}`))].flatMap((key) => {
    const same = some.filter(({ result, sentence }) => `${result} ${sentence}` === key);
    const [first] = same;
    return first === undefined ? [] : [{ ...first, phases: same.map(({ phase }) => phase) }];
  });
  const lines = said.map(line);
  return markup`<tr><td>${findingTitles[about]}</td><td>${lines}</td></tr>
`;
}

const line = ({ result, sentence, phases }: Finding & { readonly phases: readonly string[] }): Markup =>
  markup`<p class="said"><span class="mark ${signs[result].tone}">${signs[result].sign} ${findingWords[result]}</span> ${sentence} <span class="faint">(${phases.join(', ')})</span></p>`;
