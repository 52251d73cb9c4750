import { randomInt } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { deleteNamespaces, listNamespaces } from './network/namespaces.ts';
import type { LabScope } from './scope.ts';

/**
 * Folder of all labs on this machine, a folder each. Below /run, so a reboot clears it together with the namespaces.
 */
export const labsDirectory = '/run/hepflow-lab';

/**
 * `lab.json` of a lab's folder: the process that owns it. The start time distinguishes it from a later process with the
 * same id.
 */
interface LabRecord {
  readonly id: string;
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks from the machine's boot. */
  readonly startTime: string;
}

/**
 * Picks a fresh lab id and makes its folder. The folder appears under its name with `lab.json` in it, never without.
 */
export async function openScope(options: Pick<LabScope, 'pace' | 'calico'>): Promise<LabScope> {
  await mkdir(labsDirectory, { recursive: true, mode: 0o755 });
  for (;;) {
    const id = Array.from({ length: 5 }, () => '23456789abcdefghjkmnpqrstuvwxyz'[randomInt(31)]).join('');
    const [draft, directory] = [`${labsDirectory}/.${id}`, `${labsDirectory}/${id}`];
    try {
      await mkdir(draft, { mode: 0o700 });
      await mkdir(`${draft}/logs`);
      await writeFile(
        `${draft}/lab.json`,
        JSON.stringify({
          id,
          pid: process.pid,
          startTime: await startTimeOf(process.pid),
        } satisfies Partial<LabRecord>),
      );
      await rename(draft, directory); // fails when another lab has this id
      return { id, directory, logs: `${directory}/logs`, ...options };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall === 'rename') await rm(draft, { recursive: true, force: true });
      if (!['EEXIST', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

/** Removes a lab's folder, and whatever of its network is left. */
export async function closeScope(scope: LabScope): Promise<void> {
  await removeLab(scope.id);
}

/** Removes what killed labs have left behind: processes, namespaces and folders. Returns the labs' ids. */
export async function cleanUpDeadLabs(): Promise<string[]> {
  const dead: string[] = [];
  for (const name of await readdir(labsDirectory).catch((): string[] => [])) {
    const directory = `${labsDirectory}/${name}`;
    const record = await readRecord(directory);
    if (record === undefined ? await isYoung(directory) : await isAlive(record)) continue;
    if (name.startsWith('.'))
      await rm(directory, { recursive: true, force: true }); // never became a lab
    else await removeLab(name);
    dead.push(name);
  }
  return dead;
}

/** The namespaces first: while the folder exists, an interrupted removal can be found again. */
async function removeLab(id: string): Promise<void> {
  await deleteNamespaces(await listNamespaces(id));
  await rm(`${labsDirectory}/${id}`, { recursive: true, force: true });
}

async function readRecord(directory: string): Promise<LabRecord | undefined> {
  try {
    return JSON.parse(await readFile(`${directory}/lab.json`, 'utf8')) as LabRecord;
  } catch {
    return undefined;
  }
}

/** A folder without its record is being created, or was left unfinished. */
async function isYoung(directory: string): Promise<boolean> {
  const made = await stat(directory).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  return Date.now() - made < 60_000;
}

async function isAlive({ pid, startTime }: LabRecord): Promise<boolean> {
  return startTime !== '' && (await startTimeOf(pid)) === startTime;
}

/** Empty when there is no such process, or only its exit status is left. */
async function startTimeOf(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // From field 3 on; the program's name before may hold anything.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return ['Z', 'X', ''].includes(fields[0] ?? '') ? '' : (fields[19] ?? '');
}
