/** Azure CLI: finding it, and pointing it at a lab. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Lab } from '../../lab/lab.ts';
import { run } from '../e2e/world.ts';

const wanted = '2.91.0';
/** Where it is looked for after PATH, and installed. About 730 MB. */
const folder = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'hepflow', `az-${wanted}`);
const installing = [
  ['python3', '-m', 'venv', folder],
  [join(folder, 'bin/pip'), 'install', '--quiet', '--disable-pip-version-check', `azure-cli==${wanted}`],
];

/** The path of an Azure CLI of 2.74 or later, or why there is none and what to do. With HEPFLOW_INTEROP=install it is installed. */
export async function findAz(): Promise<{ az: string } | { missing: string }> {
  const cached = join(folder, 'bin/az');
  for (const az of ['az', cached]) if ((az === 'az' || existsSync(az)) && (await fits(az))) return { az };
  if (process.env['HEPFLOW_INTEROP'] === 'install') {
    for (const command of installing) {
      const { code, stdout, stderr } = await run(command);
      assert.equal(code, 0, `${command.join(' ')}: ${stdout}${stderr}`);
    }
    assert.ok(await fits(cached), `${cached} does not run`);
    return { az: cached };
  }
  const commands = installing.map((command) => command.join(' ')).join(' && ');
  return {
    missing: `Azure CLI 2.74 or later is neither on PATH nor in ${folder}; install it (730 MB) with HEPFLOW_INTEROP=install, or: ${commands}`,
  };
}

/** Older ones ask otherwise; some distributions' are broken. */
async function fits(az: string): Promise<boolean> {
  const { code, stdout } = await run(['sh', '-c', 'exec "$0" version --output json', az], quiet(process.env));
  const [, major = '0', minor = '0'] = /"azure-cli": "(\d+)\.(\d+)\./.exec(stdout) ?? [];
  return code === 0 && (Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 74));
}

const quiet = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...env,
  AZURE_CORE_COLLECT_TELEMETRY: '0',
  AZURE_CORE_ONLY_SHOW_ERRORS: '1',
  AZURE_CORE_NO_COLOR: '1',
});

export interface Az {
  /** Runs `az ARGS --output json` and gives what it prints; fails the test when it fails. */
  (...args: string[]): Promise<unknown>;
  /** What it says when it fails, which it must. */
  refused(...args: string[]): Promise<string>;
}

/** An az with a configuration of its own, so that the user's login is untouched; it trusts the lab's authority. */
export function azOf(program: string, { environment }: Pick<Lab, 'environment'>, configuration: string): Az {
  const env = {
    ...quiet(process.env),
    AZURE_CONFIG_DIR: configuration,
    REQUESTS_CA_BUNDLE: environment['NODE_EXTRA_CA_CERTS'],
  };
  const call = (...args: string[]): ReturnType<typeof run> => run([program, ...args, '--output', 'json'], env);
  const az = async (...args: string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await call(...args);
    assert.equal(code, 0, `az ${args.slice(0, 4).join(' ')}: ${stderr}`);
    return stdout.trim() === '' ? undefined : JSON.parse(stdout);
  };
  return Object.assign(az, {
    refused: async (...args: string[]) => {
      const { code, stdout, stderr } = await call(...args);
      assert.notEqual(code, 0, `az ${args.slice(0, 4).join(' ')} went well: ${stdout}`);
      return stderr;
    },
  });
}
