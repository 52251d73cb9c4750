import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, startChild } from '../../../lab/process/child.ts';
import { run, runIn } from '../../../lab/process/run.ts';
import type { Target } from '../../../src/contract/evidence.ts';

/** Two network namespaces and a cable: a prober's side, and a host whose ports behave in every way that a port can. */
export interface Street {
  /** Name of the prober's namespace. */
  readonly prober: string;
  /** Name of the host's. */
  readonly hostNamespace: string;
  /** Address of the other side; `nobody` is on the same link and does not exist; `far` has no route. */
  readonly host: string;
  readonly nobody: string;
  readonly far: string;
  /** Adds an nft rule to the host's input from now on. */
  readonly rule: (text: string) => Promise<unknown>;
  /** Drops TCP to a port of the host from now on. */
  readonly drop: (port: number) => Promise<unknown>;
  /** Makes every port of the host behave as its name says again. */
  readonly reset: () => Promise<unknown>;
  /**
   * How the host limits its ICMP errors to one peer: milliseconds between two of them after a burst of 6; 0: not at
   * all. Linux has 1000.
   */
  readonly limitIcmp: (intervalMs: number) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/**
 * What each port of the host does: `closed` has no listener, `slow` loses the first SYN of every connection, `mute`
 * accepts and says nothing, `brief` hangs up as soon as it hears something.
 */
export const ports = {
  open: 30080,
  drop: 30081,
  reset: 30082,
  portUnreachable: 30083,
  prohibited: 30084,
  closed: 30085,
  slow: 30086,
  brief: 30087,
  mute: 10250,
} as const;

/** A port at an address of the street, as a target whose node has the address for a name. */
export const targetAt = (address: string, port: number): Target => ({
  id: `${address}:${port}`,
  node: address,
  address,
  port,
  kind: port === ports.mute ? 'openPort' : 'nodePort',
});

const rules = `flush ruleset
table ip street {
  set sent_before {
    type ipv4_addr . inet_service
    flags dynamic
    timeout 1m
  }
  chain input {
    type filter hook input priority 0; policy accept;
    tcp dport ${ports.drop} drop
    tcp dport ${ports.reset} reject with tcp reset
    tcp dport ${ports.portUnreachable} reject with icmp type port-unreachable
    tcp dport ${ports.prohibited} reject with icmp type admin-prohibited
    tcp dport ${ports.slow} tcp flags & (syn | ack) == syn ip saddr . tcp sport @sent_before accept
    tcp dport ${ports.slow} tcp flags & (syn | ack) == syn add @sent_before { ip saddr . tcp sport } drop
  }
}
`;

/**
 * Answers a whole request on 30080 and 30086 with a name and closes; hangs up on 30087; accepts on 10250 and says
 * nothing.
 */
const server = `
import selectors, socket, threading
choose = selectors.DefaultSelector()
def listen(port, answer):
    listener = socket.create_server(("", port), backlog=1024)
    choose.register(listener, selectors.EVENT_READ, answer)
listen(${ports.open}, b"HTTP/1.0 200 OK\\r\\nContent-Type: text/plain\\r\\n\\r\\nnode-a frontend-1\\nsecond line\\n")
listen(${ports.slow}, b"HTTP/1.0 200 OK\\r\\n\\r\\nslow\\n")
listen(${ports.brief}, b"")
listen(${ports.mute}, None)
print("ready", flush=True)
def serve(peer, answer):
    asked = b""
    try:
        while b"\\r\\n\\r\\n" not in asked and (answer or not asked):
            part = peer.recv(4096)
            if not part:
                break
            asked += part
        else:
            peer.sendall(answer)
    except OSError:
        pass
    peer.close()
kept = []
while True:
    for key, _ in choose.select():
        peer, _ = key.fileobj.accept()
        if key.data is None:
            kept = kept[-50:] + [peer]
            continue
        threading.Thread(target=serve, args=(peer, key.data), daemon=True).start()
`;

export async function openStreet(): Promise<Street> {
  const id = randomBytes(2).toString('hex');
  const [prober, other] = [`hepflow-${id}-prober`, `hepflow-${id}-host`];
  const folder = mkdtempSync(join(tmpdir(), 'hepflow-street-'));
  const host = '10.99.0.2';
  let child: Child | undefined;
  const close = async (): Promise<void> => {
    await child?.stop(0);
    // What was never made cannot be deleted.
    for (const name of [prober, other]) await run(['ip', 'netns', 'delete', name]).catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const name of [prober, other]) await run(['ip', 'netns', 'add', name]);
    await runIn(prober, ['ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', other]);
    for (const [name, address] of [
      [prober, '10.99.0.1/24'],
      [other, `${host}/24`],
    ] as const) {
      await runIn(name, ['ip', 'address', 'add', address, 'dev', 'eth0']);
      for (const link of ['lo', 'eth0']) await runIn(name, ['ip', 'link', 'set', link, 'up']);
    }
    const nft = (text: string): Promise<string> => runIn(other, ['nft', '-f', '-'], text);
    const reset = (): Promise<string> => nft(rules);
    const limitIcmp = (intervalMs: number): Promise<string> =>
      runIn(other, ['sysctl', '-qw', `net.ipv4.icmp_ratelimit=${intervalMs}`]);
    await reset();
    await limitIcmp(0);
    const logFile = join(folder, 'server.log');
    child = await startChild({
      name: 'test server',
      command: ['python3', '-c', server],
      netns: other,
      logFile,
      ready: async () => readFileSync(logFile, 'utf8').includes('ready'),
    });
    return {
      prober,
      hostNamespace: other,
      host,
      nobody: '10.99.0.77',
      far: '198.51.100.7',
      rule: (text) => nft(`add rule ip street input ${text}`),
      drop: (port) => nft(`add rule ip street input tcp dport ${port} drop`),
      reset,
      limitIcmp,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
