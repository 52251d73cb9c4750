/** Licences of the packages that hepflow runs with, as they are installed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** They ask for their notice to be kept, and for nothing of who uses or changes the code. */
const permissive: ReadonlySet<string> = new Set([
  ...['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0'],
  ...['BlueOak-1.0.0', 'Unlicense', 'PSF-2.0'],
]);

/** Packages whose licence is another one, or is not in package.json, and why they may be used. */
const exceptions: Readonly<Record<string, string>> = {
  'caniuse-lite': 'CC-BY-4.0: data about browsers, which webpack reads while it bundles the workflows',
  unionfs: 'Unlicense, by its file LICENSE',
};

interface LockedPackage {
  readonly dev?: boolean;
  readonly version?: string;
  readonly license?: string;
}

export interface PackageLicence {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression; empty: none is told. */
  readonly licence: string;
}

/** Every package of package-lock.json that is not for development alone. */
export function listLicences(root: string): readonly PackageLicence[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { version = '', license = '' }]) => ({
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      licence: readInstalled(join(root, path)) || license,
    }));
}

/** What is wrong, a line a package; nothing: all may be used. */
export function findForbiddenLicences(packages: readonly PackageLicence[]): readonly string[] {
  return packages
    .filter(({ name, licence }) => !isPermissive(licence) && !Object.hasOwn(exceptions, name))
    .map(({ name, version, licence }) => `${name}@${version}: ${licence || 'no licence in its package.json'}`);
}

/** Of alternatives one is enough; of what applies together all must be. */
const isPermissive = (licence: string): boolean =>
  licence
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((part) => permissive.has(part)));

/** `license`, or one of its older forms; empty: the package is for another platform, or tells none. */
function readInstalled(folder: string): string {
  try {
    const { license, licenses } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      readonly license?: string | { readonly type?: string };
      readonly licenses?: readonly { readonly type?: string }[];
    };
    if (typeof license === 'string') return license;
    return license?.type ?? (licenses ?? []).flatMap(({ type }) => type ?? []).join(' OR ');
  } catch {
    return '';
  }
}
