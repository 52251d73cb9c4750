/**
 * Prints a software bill of materials of what hepflow runs with: CycloneDX 1.6, JSON, from package-lock.json. npm makes
 * it, without the network; what its older form lacks is filled in: licences of packages that tell theirs in an older
 * way, and the name of the product. Usage: node scripts/sbom.ts > hepflow.cdx.json
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listLicences } from './licences.ts';
import { root } from './static-checks.ts';

interface Component {
  name: string;
  readonly version: string;
  licenses?: readonly object[];
}

interface BillOfMaterials {
  $schema: string;
  specVersion: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
}

/** `npm sbom --omit dev` leaves out what a tool needs as well; so it is asked about a project without tools. */
export function createSbom(): BillOfMaterials {
  const folder = mkdtempSync(join(tmpdir(), 'hepflow-sbom-'));
  try {
    writeWithoutTools(folder);
    const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
    return complete(execFileSync('npm', args, { cwd: folder, encoding: 'utf8', maxBuffer: 64 << 20 }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type Manifest = Readonly<Record<string, unknown>>;
const readManifest = <T extends object>(name: string): T => JSON.parse(readFileSync(join(root, name), 'utf8')) as T;

function writeWithoutTools(folder: string): void {
  const drop = ({ devDependencies: _, ...rest }: Manifest): Manifest => rest;
  const lock = readManifest<{ readonly packages: Readonly<Record<string, Manifest>> }>('package-lock.json');
  const kept = Object.entries(lock.packages).filter(([, { dev }]) => dev !== true);
  const packages = Object.fromEntries(kept.map(([path, entry]) => [path, path === '' ? drop(entry) : entry]));
  writeFileSync(join(folder, 'package.json'), JSON.stringify(drop(readManifest<Manifest>('package.json'))));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
}

function complete(text: string): BillOfMaterials {
  const sbom = JSON.parse(text) as BillOfMaterials;
  // Every document of 1.5 is one of 1.6.
  sbom.specVersion = '1.6';
  sbom.$schema = 'http://cyclonedx.org/schema/bom-1.6.schema.json';
  sbom.metadata.component.name = readManifest<Component>('package.json').name;
  const known = new Map(listLicences(root).map(({ name, version, licence }) => [`${name}@${version}`, licence]));
  for (const component of sbom.components) {
    const licence = known.get(`${component.name}@${component.version}`);
    if (component.licenses === undefined && licence) component.licenses = [{ license: { id: licence } }];
  }
  return sbom;
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(createSbom(), null, 2)}\n`);
