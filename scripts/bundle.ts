/**
 * Bundles the workflows ahead of time into dist/workflow-bundle.js, and once more for workers that encrypt payloads,
 * with the failure converter
 * that such workers need; does nothing while their sources are the same.
 */
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bundleFile = join(root, 'dist', 'workflow-bundle.js');
const encryptingFile = join(root, 'dist', 'workflow-bundle-encrypting.js');
const failureConverterPath = join(root, 'src', 'codec', 'failure-converter.ts');
const stampFile = join(root, 'dist', 'workflow-bundle.sha256');

/**
 * The path of an up-to-date bundle. Throws with webpack's own words when the workflows cannot be bundled, as when they
 * import a Node module.
 */
export async function bundle(): Promise<string> {
  const hash = sourceHash();
  if (
    existsSync(bundleFile) &&
    existsSync(encryptingFile) &&
    existsSync(stampFile) &&
    readFileSync(stampFile, 'utf8') === hash
  )
    return bundleFile;
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const said: string[] = [];
  const logger = new DefaultLogger('WARN', ({ message }) => said.push(message));
  try {
    const workflowsPath = join(root, 'src', 'workflows', 'index.ts');
    const { code } = await bundleWorkflowCode({ workflowsPath, logger });
    replace(bundleFile, code);
    replace(encryptingFile, (await bundleWorkflowCode({ workflowsPath, failureConverterPath, logger })).code);
    replace(stampFile, hash);
  } catch (error) {
    throw new Error(['The workflows cannot be bundled.', ...said, (error as Error).message].join('\n'));
  }
  return bundleFile;
}

function sourceHash(): string {
  const hash = createHash('sha256');
  const files = globSync(
    ['src/{workflows,contract,judge,scenario,evidence,ownership,sweep}/**/*.ts', 'src/codec/failure-converter.ts'],
    {
      cwd: root,
    },
  ).sort();
  for (const file of [...files, 'package-lock.json']) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/** Two set-ups may bundle at once: each writes its own file and puts it in place. */
function replace(file: string, content: string): void {
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(`${file}.${process.pid}`, content);
  renameSync(`${file}.${process.pid}`, file);
}

if (import.meta.main) {
  bundle().then(console.log, (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
