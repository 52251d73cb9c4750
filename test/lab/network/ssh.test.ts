import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { test } from 'node:test';
import { run } from '../../../lab/process/run.ts';
import { nameNetns } from '../../../lab/scope.ts';
import {
  azure,
  dial,
  interfaceOf,
  keyPair,
  labFor,
  machineOf,
  patience,
  publicAddress,
  rule,
  serve,
  type TestLab,
  until,
  vm,
} from './support.ts';

/** Runs a command on the VM as the admin user would: OpenSSH's client, through the lab's proxy, to the pinned host key. */
async function ssh(
  { scope, fabric }: TestLab,
  key: string,
  hostKey: string,
  command: string,
  input = '',
): Promise<string> {
  const knownHosts = `${scope.directory}/known-hosts`;
  await writeFile(knownHosts, `${publicAddress} ${hostKey}\n`);
  const proxy = new URL(fabric.proxyUrl);
  const options = [
    `ProxyCommand=socat - PROXY:${proxy.hostname}:%h:%p,proxyport=${proxy.port}`,
    `UserKnownHostsFile=${knownHosts}`,
    'StrictHostKeyChecking=yes',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'BatchMode=yes',
    'LogLevel=ERROR',
  ];
  return (
    await run(
      [
        'ssh',
        '-F',
        'none',
        ...options.flatMap((option) => ['-o', option]),
        '-i',
        key,
        `azureuser@${publicAddress}`,
        command,
      ],
      input,
    )
  ).trim();
}

/** The proxy's answer to a CONNECT. */
const connectTo = (proxyUrl: string, target: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(proxyUrl);
    const asked = request({ host: hostname, port, method: 'CONNECT', path: target });
    asked.on('connect', (response, socket) => {
      socket.destroy();
      resolve(response.statusCode ?? 0);
    });
    asked.on('response', (response) => resolve(response.resume().statusCode ?? 0));
    asked.on('error', reject);
    asked.end();
  });

async function bootWithKeys(
  lab: TestLab,
): Promise<{ client: { file: string }; wrong: { file: string }; hostKey: string }> {
  const [client, wrong, host] = await Promise.all(['client', 'wrong', 'host'].map((name) => keyPair(lab.scope, name)));
  assert.ok(client && wrong && host);
  const indented = host.private.trim().replaceAll('\n', '\n    ');
  const cloudConfig = `#cloud-config\nssh_deletekeys: true\nssh_keys:\n  ed25519_private: |\n    ${indented}\n  ed25519_public: ${host.public}\n`;
  await lab.fabric.apply(azure());
  await lab.fabric.boot({ ...vm, authorizedKeys: [client.public], cloudConfig });
  return { client, wrong, hostKey: host.public };
}

test("ssh through the proxy: the right key gets in, the wrong one does not, and the host key is cloud-init's", async (t) => {
  const lab = await labFor(t);
  const { client, wrong, hostKey } = await bootWithKeys(lab);
  await until(
    'ssh answers',
    async () => (await ssh(lab, client.file, hostKey, 'echo up').catch(() => 'down')) === 'up',
  );

  assert.equal(
    await ssh(lab, client.file, hostKey, 'id -un; hostname; pwd; ls -A'),
    'azureuser\nprobe-vm\n/home/azureuser\n.ssh',
  );
  await assert.rejects(ssh(lab, wrong.file, hostKey, 'true'), /Permission denied \(publickey\)/);
  const other = await keyPair(lab.scope, 'other-host');
  await assert.rejects(ssh(lab, client.file, other.public, 'true'), /Host key verification failed/);
});

test("a program sent over ssh to python3 reaches a node from the VM's private address; the machine has its own users, processes and files", async (t) => {
  const lab = await labFor(t);
  const { client, hostKey } = await bootWithKeys(lab);
  const [, second] = lab.fabric.nodes;
  assert.ok(second);
  await serve(t, lab.scope, second.netns, 30080);
  await until(
    'ssh answers',
    async () => (await ssh(lab, client.file, hostKey, 'echo up').catch(() => 'down')) === 'up',
  );
  const program =
    'import socket\ns = socket.create_connection(("10.240.0.35", 30080), 3)\nprint(s.recv(99).decode())\n';
  assert.equal(await ssh(lab, client.file, hostKey, 'python3 -', program), 'hello 192.168.1.4');
  assert.equal(
    await ssh(lab, client.file, hostKey, 'ls /run /root 2>&1; true'),
    "ls: cannot open directory '/root': Permission denied\n/run:\nsshd",
  );
  assert.equal(await ssh(lab, client.file, hostKey, 'ps -eo args= | grep -c "[s]bin/sshd -D"'), '1');
  assert.equal(
    await ssh(lab, client.file, hostKey, 'getent passwd | cut -d: -f1 | xargs'),
    'root sshd nobody azureuser',
  );
});

test('sshd answers only some time after the boot: before that the port is refused', async (t) => {
  const lab = await labFor(t, 1500);
  await lab.fabric.apply(azure());
  await lab.fabric.boot(vm);
  const look = () => dial(nameNetns(lab.scope, 'internet'), publicAddress, 22);
  assert.equal(await look(), 'refused');
  await until('sshd answers', async () => (await look()).startsWith('SSH-2.0-OpenSSH'));
});

test('the security group lets 22 in and keeps 23 out', async (t) => {
  const lab = await labFor(t);
  await lab.fabric.apply(azure());
  await lab.fabric.boot(vm);
  await serve(t, lab.scope, machineOf(lab.scope), 23);
  const look = (port: number, seconds?: number) => dial(nameNetns(lab.scope, 'internet'), publicAddress, port, seconds);
  await until('sshd answers', async () => (await look(22)).startsWith('SSH-2.0-OpenSSH'));
  assert.equal(await look(23, patience.silence), 'silent');
  await lab.fabric.apply(azure({ nics: [interfaceOf({ rules: [rule({ access: 'Deny' })] })] }));
  assert.equal(await look(22, patience.silence), 'silent');
});

test('an ssh session outlives changes elsewhere in the network', async (t) => {
  const lab = await labFor(t);
  const { client, hostKey } = await bootWithKeys(lab);
  await until(
    'ssh answers',
    async () => (await ssh(lab, client.file, hostKey, 'echo up').catch(() => 'down')) === 'up',
  );
  const session = ssh(lab, client.file, hostKey, 'sleep 0.6; echo still here');
  for (const far of [false, true, false, true]) await lab.fabric.apply(azure({ far }));
  assert.equal(await session, 'still here');
});

test('the proxy serves public addresses of the lab and nothing else', async (t) => {
  const { fabric } = await labFor(t);
  for (const target of [
    '127.0.0.1:22',
    '192.168.1.4:22',
    '10.240.0.4:22',
    'localhost:22',
    '203.0.114.1:22',
    '203.0.113.10:0',
    '203.0.113.10',
    '[::1]:22',
    '203.0.113.10:22:22',
  ]) {
    assert.equal(await connectTo(fabric.proxyUrl, target), 403, target);
  }
  const { port } = new URL(fabric.proxyUrl);
  assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 405);
});
