/** The workshop's steps 3 to 8 as a person does them: kubectl on one side, SSH into the VM and a connect from there on the other. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ended, root, run, type World } from '../e2e/world.ts';

/** Where a VM can be entered. */
export interface Entry {
  readonly publicAddress: string;
  readonly privateAddress: string;
  readonly user: string;
  readonly keyFile: string;
}

/** A fresh folder with a key pair, `key` and `key.pub`; removed with the test. */
export async function keyFolder(t: TestContext): Promise<{ folder: string; keyFile: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'hepflow-interop-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const keyFile = join(folder, 'key');
  const made = await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'interop', '-f', keyFile]);
  assert.equal(made.code, 0, made.stderr);
  return { folder, keyFile };
}

/** `ssh VM COMMAND` through the lab's proxy; the host key is taken at first sight, as the workshop does. */
function ssh(world: World, { publicAddress, user, keyFile }: Entry, command: string): Promise<Ended> {
  const proxy = `${process.execPath} ${join(root, 'src/cli/connect-through-proxy.ts')} %h %p`;
  const options = [
    'StrictHostKeyChecking=accept-new',
    `UserKnownHostsFile=${keyFile}.hosts`,
    'BatchMode=yes',
    'ConnectTimeout=10',
    `ProxyCommand=${proxy}`,
  ];
  const flags = options.flatMap((option) => ['-o', option]);
  return run(['ssh', '-F', 'none', '-i', keyFile, ...flags, `${user}@${publicAddress}`, command], {
    ...process.env,
    ...world.lab.environment,
  });
}

/** Resolves with the VM's host name once it lets us in. */
export async function awaitSsh(world: World, entry: Entry, timeoutMs = 60_000): Promise<string> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const { code, stdout, stderr } = await ssh(world, entry, 'hostname');
    if (code === 0) return stdout.trim();
    if (Date.now() > deadline) throw new Error(`no SSH to ${entry.publicAddress} within ${timeoutMs} ms: ${stderr}`);
    await sleep(300);
  }
}

export type Verdict = 'open' | 'timed out' | (string & {});

/** What `nc -zv ADDRESS PORT` would say from the VM, by a program that every VM has. */
async function probe(world: World, entry: Entry, address: string, port = 30080): Promise<Verdict> {
  const program = [
    'import socket',
    'try:',
    ` socket.create_connection(("${address}", ${port}), 3).close(); print("open")`,
    'except TimeoutError: print("timed out")',
    'except OSError as error: print(error)',
  ].join('\n');
  const { code, stdout, stderr } = await ssh(world, entry, `python3 -c '${program}'`);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

/** Asks again until the answer fits, or the time is over; what it is then. */
async function eventually<T>(ask: () => Promise<T>, fits: (answer: T) => boolean, timeoutMs = 30_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (fits(answer) || Date.now() > deadline) return answer;
    await sleep(200);
  }
}

export interface Flavour {
  readonly tier: 'default' | 'security';
  /** What becomes of FelixConfiguration's flowLogsEnableHostEndpoint: open-source Calico does not know it. */
  readonly flowLogs: 'true' | '';
}

/** A client of the cluster that fails the test when kubectl does. */
function kubectlOf(world: World): (...args: string[]) => Promise<string> {
  return async (...args) => {
    const { code, stdout, stderr } = await world.kubectl(...args);
    assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
    return stdout.trim();
  };
}

/** Pipes a document into `kubectl ... -f -`. */
async function kubectlFed(world: World, document: string, ...args: string[]): Promise<void> {
  const { HEPFLOW_LAB_TOOLS: tools = '' } = world.lab.environment;
  const child = spawn(join(tools, 'kubectl'), [...args, '-f', '-'], {
    env: { ...process.env, ...world.lab.environment },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.stdin.end(document);
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 0, `kubectl ${args.join(' ')}: ${said}`);
}

const autoCreate = (value: 'Enabled' | 'Disabled'): string =>
  JSON.stringify({ spec: { controllers: { node: { hostEndpoint: { autoCreate: value } } } } });

/** Steps 3 to 8, each a subtest. */
export async function workshopByKubectl(
  t: TestContext,
  world: World,
  entry: Entry,
  { tier, flowLogs }: Flavour,
): Promise<void> {
  const kubectl = kubectlOf(world);
  const policy = tier === 'default' ? 'frontend-nodeport-access' : `${tier}.frontend-nodeport-access`;
  let nodes: { name: string; address: string }[] = [];

  await t.test(
    'step 3: patching kubecontrollersconfiguration gives every node its automatic host endpoint',
    async () => {
      await kubectl('patch', 'kubecontrollersconfiguration', 'default', '--type=merge', '-p', autoCreate('Enabled'));
      const names = (await kubectl('get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}')).split(' ');
      const heps = await eventually(
        () => kubectl('get', 'heps', '-o', 'jsonpath={.items[*].metadata.name}'),
        (text) => text.split(' ').length === names.length,
      );
      assert.deepEqual(
        heps.split(' '),
        names.map((name) => `${name}-auto-hep`),
      );
      assert.match(await kubectl('get', 'heps'), /NAME\s+NODE\s+INTERFACE/);
    },
  );
  await t.test(
    `step 4: patching felixconfiguration ${flowLogs ? 'enables host-endpoint flow logs' : 'is told as an unknown field and changes nothing'}`,
    async () => {
      const { code, stderr } = await world.kubectl(
        'patch',
        'felixconfiguration',
        'default',
        '--type=merge',
        '-p',
        '{"spec":{"flowLogsEnableHostEndpoint":true}}',
      );
      assert.equal(code, 0, stderr);
      assert.equal(/unknown field "spec.flowLogsEnableHostEndpoint"/.test(stderr), flowLogs === '');
      assert.equal(
        await kubectl('get', 'felixconfiguration', 'default', '-o', 'jsonpath={.spec.flowLogsEnableHostEndpoint}'),
        flowLogs,
      );
    },
  );
  await t.test('step 5: kubectl expose makes the NodePort service, and its endpoints become ready', async () => {
    const ports = [{ port: 80, protocol: 'TCP', targetPort: 8080, nodePort: 30080 }];
    const overrides = JSON.stringify({ apiVersion: 'v1', spec: { ports } });
    await kubectl(
      'expose',
      'deployment',
      'frontend',
      '--type=NodePort',
      '--name=frontend-nodeport',
      '--port=80',
      '--target-port=8080',
      '--overrides',
      overrides,
    );
    assert.equal(
      await kubectl('get', 'service', 'frontend-nodeport', '-o', 'jsonpath={.spec.ports[0].nodePort}'),
      '30080',
    );
  });
  await t.test('step 6: from the VM, the NodePort is open on the InternalIP of node 1 and node 2', async () => {
    const template =
      '{range .items[*]}{.metadata.name} {.status.addresses[?(@.type=="InternalIP")].address}{"\\n"}{end}';
    const lines = (await kubectl('get', 'nodes', '-o', `jsonpath=${template}`)).split('\n');
    nodes = lines.map((line) => ({ name: line.split(' ')[0] ?? '', address: line.split(' ')[1] ?? '' }));
    for (const { address } of nodes.slice(0, 2))
      assert.equal(
        await eventually(
          () => probe(world, entry, address),
          (verdict) => verdict === 'open',
        ),
        'open',
      );
  });
  const [first = { name: '', address: '' }, second = first] = nodes;
  await t.test('steps 7 and 8: after the label and the policy, node 1 times out and node 2 answers', async () => {
    await kubectl('label', 'node', first.name, 'host-end-point=test');
    await kubectlFed(world, policyText(policy, tier, entry.privateAddress), 'apply');
    assert.match(await kubectl('get', 'globalnetworkpolicies', policy), new RegExp(`${policy}\\s+${tier}\\s+100`));
    assert.equal(
      await eventually(
        () => probe(world, entry, first.address),
        (verdict) => verdict === 'timed out',
      ),
      'timed out',
    );
    assert.equal(await probe(world, entry, second.address), 'open');
    assert.equal(await probe(world, entry, first.address), 'timed out');
  });
  await t.test('clean-up: without policy and label node 1 answers again', async () => {
    await kubectl('delete', 'globalnetworkpolicy', policy);
    await kubectl('label', 'node', first.name, 'host-end-point-');
    assert.equal(
      await eventually(
        () => probe(world, entry, first.address),
        (verdict) => verdict === 'open',
      ),
      'open',
    );
    await kubectl('delete', 'service', 'frontend-nodeport');
    await kubectl(
      'patch',
      'felixconfiguration',
      'default',
      '--type=merge',
      '-p',
      '{"spec":{"flowLogsEnableHostEndpoint":null}}',
    );
    await kubectl('patch', 'kubecontrollersconfiguration', 'default', '--type=merge', '-p', autoCreate('Disabled'));
    assert.equal(
      await eventually(
        () => kubectl('get', 'heps', '-o', 'name'),
        (text) => text === '',
      ),
      '',
    );
  });
}

const policyText = (name: string, tier: string, vm: string): string => `apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  name: ${name}
spec:
  tier: ${tier}
  order: 100
  selector: host-end-point == "test"
  preDNAT: true
  applyOnForward: true
  types: [Ingress]
  ingress:
    - action: Allow
      source: { nets: [127.0.0.1/32] }
    - action: Deny
      protocol: TCP
      source: { nets: [${vm}/32] }
      destination: { ports: [30080] }
`;

/** Waits until everything is as it was before; fails with the difference. */
export async function assertRestored(world: World, before: unknown): Promise<void> {
  const now = await eventually(
    () => world.state(),
    (state) => JSON.stringify(state) === JSON.stringify(before),
  );
  assert.deepEqual(now, before);
}
