/**
 * How a user's own Calico is started. The programs here are scripts that write down how they were called: a run on
 * genuine Calico is what a user does who has it.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { listCrds, listSeedObjects } from '../../../lab/calico/crds.ts';
import { type CalicoPrograms, CalicoProgramsError, findCalicoPrograms } from '../../../lab/calico/genuine/programs.ts';
import { startGenuineCalico } from '../../../lab/calico/genuine/start.ts';
import { adaptObjects } from '../../../lab/calico/installation.ts';
import type { KubeControllersConfiguration } from '../../../lab/calico/objects.ts';
import type { CalicoLab } from '../../../lab/calico/start.ts';
import { startLab } from '../../../lab/lab.ts';
import { closeScope, openScope } from '../../../lab/leftovers.ts';
import { createNamespace, listProcesses } from '../../../lab/network/namespaces.ts';
import { run } from '../../../lab/process/run.ts';
import { nameNetns } from '../../../lab/scope.ts';
import { calicoPath, eventually } from './control-plane.ts';

const privateFiles = ['/var/lib/calico/seen', '/var/run/calico/seen'];
const wereThere = ['/var/lib/calico', '/var/run/calico'].map(existsSync);

/** Writes down environment and arguments; ends with 129 the first time, then does its work. */
const program = (records: string, name: string, work: string): string => `#!/bin/bash
name=${name}
count=$(ls ${records} | grep -c "^$name\\.")
for file in ${privateFiles.join(' ')}; do touch $file; done
{ echo "ARGV=$*"; env; } > ${records}/.$name && mv ${records}/.$name ${records}/$name.$count
[ $count -gt 0 ] || exit 129
${work}
`;

/** Answers as Felix does when it is ready. */
const beReady = `exec /usr/bin/python3 -c '
from http.server import BaseHTTPRequestHandler, HTTPServer
class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readiness" else 404)
        self.end_headers()
HTTPServer(("127.0.0.1", 9099), Answer).serve_forever()'`;

/** Reports its configuration to the API server, as kube-controllers does. */
const reportConfiguration = `/usr/bin/python3 -c '
import base64, json, os, ssl, urllib.request
config = json.load(open(os.environ["KUBECONFIG"]))
cluster = config["clusters"][0]["cluster"]
ca = base64.b64decode(cluster["certificate-authority-data"]).decode()
path = "/apis/" + os.environ["CALICO_API_GROUP"] + "/kubecontrollersconfigurations/default/status"
body = json.dumps({"status": {"runningConfig": {"logSeverityScreen": "Info"}}}).encode()
headers = {"authorization": "Bearer " + config["users"][0]["user"]["token"], "content-type": "application/merge-patch+json"}
request = urllib.request.Request(cluster["server"] + path, body, headers, method="PATCH")
urllib.request.urlopen(request, context=ssl.create_default_context(cadata=ca))'
exec sleep infinity`;

interface Folder {
  readonly path: string;
  /** How often a program was started, and with what. */
  read(name: string): Promise<readonly Readonly<Record<string, string>>[]>;
}

async function openFolder(
  t: TestContext,
  felixWork = beReady,
  controllersWork = 'exec sleep infinity',
): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'hepflow-calico-'));
  t.after(() => rm(path, { recursive: true }));
  const records = join(path, 'records');
  await mkdir(records);
  await mkdir(join(path, 'crds'));
  for (const crd of listCrds('oss'))
    await writeFile(join(path, 'crds', `${crd.metadata.name}.yaml`), `---\n${JSON.stringify(crd)}\n`);
  const write = async (name: string, text: string): Promise<void> => {
    await writeFile(join(path, name), text);
    await chmod(join(path, name), 0o755);
  };
  await mkdir(join(path, 'bin'));
  for (const command of ['iptables-nft-restore', 'ipset', 'conntrack']) await write(`bin/${command}`, '');
  await write('calico-felix', program(records, 'felix-$FELIX_FELIXHOSTNAME', felixWork));
  await write('kube-controllers', program(records, 'kube-controllers', controllersWork));
  return {
    path,
    read: async (name) => {
      const files = (await readdir(records)).filter((file) => file.startsWith(`${name}.`)).toSorted();
      const texts = await Promise.all(files.map((file) => readFile(join(records, file), 'utf8')));
      return texts.map((text) =>
        Object.fromEntries([...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, key, value]) => [key, value])),
      );
    },
  };
}

const find = async (folder: string, env: Record<string, string> = {}): Promise<CalicoPrograms> => {
  const found = await findCalicoPrograms({ HEPFLOW_CALICO_PROGRAMS: folder, PATH: join(folder, 'bin'), ...env });
  assert.ok(found);
  return found;
};

/** Two nodes with nothing but namespaces. */
async function start(t: TestContext, programs: CalicoPrograms, onError: (error: unknown) => void = () => {}) {
  const scope = await openScope({ pace: 'fast', calico: 'oss' });
  t.after(() => closeScope(scope));
  const nodes = ['node-0', 'node-1'].map((name) => ({ name, netns: nameNetns(scope, name) }));
  for (const { netns } of nodes) await createNamespace(netns);
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'lab', server: 'https://127.0.0.1:1' }],
    users: [],
    contexts: [{ name: 'lab', cluster: 'lab', user: '' }],
    currentContext: 'lab',
  });
  let isReported = false;
  const started: CalicoLab = await startGenuineCalico({
    ...{ scope, programs, kubeConfig, nodes, onError },
    isConfigurationReported: async () => {
      const seen = isReported;
      isReported = true;
      return seen;
    },
  });
  t.after(() => started.stop());
  return { scope, nodes, calico: started };
}

test('each program is started again at once when it ends with 129, with the environment that AKS gives it', async (t) => {
  const folder = await openFolder(t);
  const { scope, nodes, calico } = await start(t, await find(folder.path));
  const [first, second] = await folder.read('felix-node-1');
  assert.ok(first && second);
  assert.equal(second['ARGV'], '');
  const own = Object.fromEntries(
    Object.entries(second).filter(([key]) => /^(FELIX_|CALICO_|DATASTORE|USE_POD)/.test(key)),
  );
  assert.deepEqual(own, {
    CALICO_API_GROUP: 'projectcalico.org/v3',
    DATASTORE_TYPE: 'kubernetes',
    FELIX_BPFENABLED: 'false',
    FELIX_DATASTORETYPE: 'kubernetes',
    FELIX_DEFAULTENDPOINTTOHOSTACTION: 'ACCEPT',
    FELIX_DebugSkipCTLBCleanup: 'true',
    FELIX_ENDPOINTSTATUSPATHPREFIX: 'none',
    FELIX_FELIXHOSTNAME: 'node-1',
    FELIX_HEALTHENABLED: 'true',
    FELIX_HEALTHHOST: '127.0.0.1',
    FELIX_INTERFACEPREFIX: 'azv',
    FELIX_IPINIPENABLED: 'false',
    FELIX_IPTABLESBACKEND: 'NFT',
    FELIX_IPV6SUPPORT: 'false',
    FELIX_LOGFILEPATH: 'None',
    FELIX_LOGSEVERITYFILE: 'None',
    FELIX_LOGSEVERITYSYS: 'None',
    FELIX_NFTABLESMODE: 'Disabled',
    FELIX_USAGEREPORTINGENABLED: 'false',
    FELIX_VXLANENABLED: 'false',
    FELIX_XDPENABLED: 'false',
    USE_POD_CIDR: 'true',
  });
  assert.match(await readFile(second['KUBECONFIG'] ?? '', 'utf8'), /127\.0\.0\.1:1/);
  const controllers = await eventually(
    () => folder.read('kube-controllers'),
    (seen) => seen.length === 2,
  );
  assert.equal(controllers[1]?.['ENABLED_CONTROLLERS'], 'node');
  assert.equal(controllers[1]?.['ARGV'], `-status-file ${scope.directory}/kube-controllers-status.json`);
  assert.deepEqual(privateFiles.filter(existsSync), [], 'each has its own file systems');
  assert.throws(() => calico.setFelixDelayMs(1), /neither delayed nor distorted/);
  await calico.stop();
  await eventually(
    () => listProcesses(nodes.map(({ netns }) => netns)),
    (seen) => seen.length === 0,
  );
  assert.deepEqual(['/var/lib/calico', '/var/run/calico'].map(existsSync), wereThere);
});

test('HEPFLOW_CALICO_DATAPLANE=nftables is what Felix and kube-proxy are given', async (t) => {
  const folder = await openFolder(t);
  const programs = await find(folder.path, { HEPFLOW_CALICO_DATAPLANE: 'nftables' });
  assert.equal(programs.dataplane, 'nftables');
  await start(t, programs);
  const [, second] = await folder.read('felix-node-0');
  assert.equal(second?.['FELIX_NFTABLESMODE'], 'Enabled');
  assert.equal(second?.['FELIX_IPTABLESBACKEND'], undefined);
});

test('a program that ends otherwise before it is ready fails the start, with its last output', async (t) => {
  const folder = await openFolder(t, 'echo "no such kernel module"; exit 2');
  const programs = await find(folder.path);
  await assert.rejects(
    start(t, programs),
    /felix-node-\d ended before it was ready \(exit code 2\)[\s\S]*no such kernel module/,
  );
});

test('a program that ends for good later is reported', async (t) => {
  const folder = await openFolder(t, beReady, 'sleep 2; echo "lost the datastore"; exit 3');
  const errors: unknown[] = [];
  await start(t, await find(folder.path), (error) => errors.push(error));
  await eventually(
    async () => String(errors),
    (seen) => /kube-controllers ended \(3\)[\s\S]*lost the datastore/.test(seen),
  );
});

test('without HEPFLOW_CALICO_PROGRAMS there are the stand-ins, and a folder that is not whole is refused', async (t) => {
  const { path } = await openFolder(t);
  assert.equal(await findCalicoPrograms({}), undefined);
  await assert.rejects(find(path, { HEPFLOW_CALICO_DATAPLANE: 'ebpf' }), /iptables or nftables; got ebpf/);
  const crd = {
    ...listCrds('oss')[0],
    spec: { group: 'crd.projectcalico.org', names: { kind: 'Tier' }, versions: [{ name: 'v1' }] },
  };
  await writeFile(join(path, 'crds/old.yaml'), JSON.stringify(crd));
  const both = await find(path);
  assert.equal(both.apiVersion, 'crd.projectcalico.org/v1', 'Calico itself prefers it');
  assert.deepEqual(
    adaptObjects(listSeedObjects('oss'), both).map(({ apiVersion, kind }) => [apiVersion, kind]),
    [['crd.projectcalico.org/v1', 'Tier']],
  );
  await rm(join(path, 'crds'), { recursive: true });
  await assert.rejects(find(path), { name: CalicoProgramsError.name, message: /crds defines resources of/ });
  await chmod(join(path, 'kube-controllers'), 0o644);
  await assert.rejects(find(path), /kube-controllers is not there, or cannot be executed/);
});

test('a lab with such a folder runs its programs on every node, and no stand-in', { timeout: 120_000 }, async (t) => {
  const folder = await openFolder(t, beReady, reportConfiguration);
  const names = { HEPFLOW_CALICO_PROGRAMS: folder.path, HEPFLOW_CALICO_DATAPLANE: 'nftables' };
  Object.assign(process.env, names);
  t.after(() => {
    for (const name of Object.keys(names)) delete process.env[name];
  });
  const lab = await startLab({ ui: false });
  t.after(() => lab.stop());
  for (const { name } of lab.fabric.nodes) assert.equal((await folder.read(`felix-${name}`)).length, 2);
  const { status } = await lab.cluster.api.read<KubeControllersConfiguration>(
    calicoPath('kubecontrollersconfigurations', 'default'),
  );
  assert.deepEqual(status?.runningConfig, { logSeverityScreen: 'Info' });
  for (const { netns } of lab.fabric.nodes)
    assert.doesNotMatch(await run(['ip', 'netns', 'exec', netns, 'nft', 'list', 'tables']), /calico-standin/);
});
