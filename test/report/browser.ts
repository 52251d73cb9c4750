/** A real Chromium without network, spoken to over its DevTools protocol. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Debian's; undefined where it is not installed. */
export const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);

export interface Looked {
  /** Height and width of the whole page, and the width of the window, in CSS pixels. */
  readonly height: number;
  readonly width: number;
  readonly window: number;
  /** What can be read: text that is not hidden. */
  readonly text: string;
  /** What the browser complained about. */
  readonly complaints: readonly string[];
  readonly png: Buffer;
}

export interface Browser {
  look(
    url: string,
    how: { readonly scheme: 'light' | 'dark'; readonly width: number; readonly clipTo?: number },
  ): Promise<Looked>;
  close(): Promise<void>;
}

type Answer = Readonly<Record<string, unknown>>;

/** Starts a browser with a folder of its own; `close` ends it and removes the folder. */
export async function openBrowser(path: string): Promise<Browser> {
  const folder = await mkdtemp(join(tmpdir(), 'hepflow-chromium-'));
  const flags = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--hide-scrollbars',
    '--disable-background-networking',
    '--no-first-run',
  ];
  const child = spawn(
    path,
    [
      ...flags,
      '--host-resolver-rules=MAP * ~NOTFOUND',
      '--remote-debugging-port=0',
      `--user-data-dir=${folder}`,
      'about:blank',
    ],
    {
      stdio: 'ignore',
      detached: true,
    },
  );
  const ended = once(child, 'exit');
  try {
    const socket = await connect(await portOf(folder, child));
    return {
      look: (url, how) => look(socket, url, how),
      close: async () => {
        socket.close();
        await end(child, ended, folder);
      },
    };
  } catch (error) {
    await end(child, ended, folder);
    throw error;
  }
}

async function end(child: ChildProcess, ended: Promise<unknown>, folder: string): Promise<void> {
  // Its own process group: the browser has children.
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
    process.kill(-child.pid, 'SIGKILL');
  await ended;
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/** The file appears when the browser listens. */
async function portOf(folder: string, child: ChildProcess): Promise<string> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`Chromium ended with code ${child.exitCode}.`);
    const [port, path] = (await readFile(join(folder, 'DevToolsActivePort'), 'utf8').catch(() => ''))
      .trim()
      .split('\n');
    if (port && path) return `ws://127.0.0.1:${port}${path}`;
    await pause(50);
  }
  throw new Error('Chromium did not listen within a minute.');
}

interface Socket {
  ask(method: string, params?: object, session?: string): Promise<Answer>;
  /** Events of a session so far. */
  events(session: string): readonly { readonly method: string; readonly params: Answer }[];
  close(): void;
}

async function connect(url: string): Promise<Socket> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  const events: { method: string; params: Answer; sessionId?: string }[] = [];
  let last = 0;
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data));
    const asked = waiting.get(message.id);
    if (asked === undefined) return events.push(message);
    waiting.delete(message.id);
    return message.error ? asked.reject(new Error(message.error.message)) : asked.resolve(message.result);
  });
  await once(socket, 'open');
  return {
    ask: (method, params = {}, sessionId) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve, reject });
        socket.send(JSON.stringify({ id: last, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
      }),
    events: (session) => events.filter(({ sessionId }) => sessionId === session),
    close: () => socket.close(),
  };
}

const measure = `({ height: document.documentElement.scrollHeight, width: document.documentElement.scrollWidth, window: window.innerWidth, text: document.body.innerText + [...document.querySelectorAll('svg text')].map((one) => one.textContent).join(' ') })`;

async function look(
  socket: Socket,
  url: string,
  { scheme, width, clipTo }: Parameters<Browser['look']>[1],
): Promise<Looked> {
  const { targetId } = await socket.ask('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await socket.ask('Target.attachToTarget', { targetId, flatten: true });
  const session = String(sessionId);
  const ask = (method: string, params?: object): Promise<Answer> => socket.ask(method, params, session);
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await ask(`${domain}.enable`);
  await ask('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: false });
  await ask('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
  await ask('Page.navigate', { url });
  while (!socket.events(session).some(({ method }) => method === 'Page.loadEventFired')) await pause(10);
  const { result } = await ask('Runtime.evaluate', { expression: measure, returnByValue: true });
  const { value } = result as { readonly value: Pick<Looked, 'height' | 'width' | 'window' | 'text'> };
  const clip = { x: 0, y: 0, width, height: Math.min(value.height, clipTo ?? value.height), scale: 1 };
  const { data } = await ask('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true, clip });
  const complaints = socket
    .events(session)
    .filter(({ method }) =>
      ['Runtime.consoleAPICalled', 'Runtime.exceptionThrown', 'Log.entryAdded', 'Network.loadingFailed'].includes(
        method,
      ),
    )
    .map((event) => JSON.stringify(event));
  await socket.ask('Target.closeTarget', { targetId });
  return { ...value, complaints, png: Buffer.from(String(data), 'base64') };
}
