import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';
import { codeBlocksIn, handWrittenPages, read } from './pages.ts';

const program = createProgram('');

/** Command lines of hepflow in a page, from the word after `hepflow` to the end of the command. */
function commandLinesIn(page: string): readonly string[] {
  const text = read(page);
  const spans = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return [...codeBlocksIn(text).flatMap((block) => block.split('\n')), ...spans].flatMap((line) => {
    const [, rest] = /^(?:\S+=\S+ )*(?:npx )?hepflow ((?!run [0-9a-f]{8})[^#;]+)/.exec(line) ?? [];
    return rest === undefined ? [] : [rest.trim()];
  });
}

/** The command that the words name, as deep as they go. */
const commandOf = (words: readonly string[], from: Command = program): Command => {
  const next = from.commands.find((each) => each.name() === words[0]);
  return next === undefined ? from : commandOf(words.slice(1), next);
};

test('every command and flag of hepflow that a page names is there', () => {
  const lines = handWrittenPages.flatMap((page) => commandLinesIn(page).map((line) => ({ page, line })));
  assert.ok(lines.length > 40, `${lines.length} command lines`);
  for (const { page, line } of lines) {
    const words = line.split(/\s+/);
    const command = commandOf(words);
    assert.notEqual(command, program, `${page}: hepflow ${line}`);
    if (command.helpInformation().includes('[arguments...]')) continue; // a program of its own, with its own flags
    const known = command.options.flatMap(({ short, long }) => [short, long]);
    for (const flag of words.filter((word) => word.startsWith('-')))
      assert.ok(known.includes(flag.replace(/=.*/, '')), `${page}: hepflow ${line}`);
  }
});
