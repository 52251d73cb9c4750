/** The part of scripts/setup that needs Node 24: the lab's programs and the workflow bundle. `--without-lab` leaves the programs out. */
import { programNames, providePrograms } from '../lab/tools/programs.ts';
import { bundle } from './bundle.ts';

try {
  if (!process.argv.includes('--without-lab')) await providePrograms(programNames, (line) => console.error(line));
  await bundle();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
