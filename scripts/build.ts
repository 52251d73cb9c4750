/**
 * Fills dist/ with what the package carries: compiled sources, the files that they read at run time, the workflow
 * bundle.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundle } from './bundle.ts';

const root = dirname(import.meta.dirname);
const dist = join(root, 'dist');

for (const folder of ['src', 'lab', 'deploy']) rmSync(join(dist, folder), { recursive: true, force: true });
const { status } = spawnSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) process.exit(1);
for (const file of globSync(
  ['src/**/*.{py,json}', 'lab/**/*.{py,json,yaml}', 'lab/tools/*/go.{mod,sum}', 'deploy/**/*.*'],
  { cwd: root },
)) {
  cpSync(join(root, file), join(dist, file));
}
await bundle();
