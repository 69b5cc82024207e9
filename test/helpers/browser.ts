import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { findProgram } from './binaries.ts';

const MISSING = 'no Chromium is installed: pages are not looked at. Debian: apt-get install chromium';

/** The Chromium of this machine; where there is none, its tests are skipped, and say so. */
export function findChromium(): string | undefined {
  const found = findProgram('chromium', 'chromium-browser', 'google-chrome');
  if (found) return found;
  if (process.env['CI']) throw new Error(MISSING);
  process.stderr.write(`\n*** ${MISSING}\n\n`);
  return undefined;
}

interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: { message: string };
}

type Send = <R>(method: string, params?: object) => Promise<R>;

/** A page that is open in a browser. */
export interface OpenPage {
  /** Of the DevTools protocol. */
  send: Send;
  /** Loads a page, as wide as this and in these colours. */
  show: (url: string, look: { width: number; scheme: 'light' | 'dark' }) => Promise<void>;
  /** The value of an expression in the page. */
  evaluate: <R>(expression: string) => Promise<R>;
  /** The URLs that were asked for, and what the console was told, since the page was opened. */
  requests: string[];
  complaints: string[];
  close: () => Promise<void>;
}

/** Opens a page in a browser of its own, without a window, over the DevTools protocol. */
export async function openPage(chromium: string): Promise<OpenPage> {
  const profile = mkdtempSync(join(tmpdir(), 'pinnacle-chromium-'));
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--hide-scrollbars'];
  const child = spawn(chromium, [...flags, '--remote-debugging-pipe', `--user-data-dir=${profile}`], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const { call, on } = protocol(child);
  const { targetId } = await call<{ targetId: string }>('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await call<{ sessionId: string }>('Target.attachToTarget', {
    targetId,
    flatten: true,
  });
  const send: Send = (method, params) => call(method, params, sessionId);
  const requests: string[] = [];
  const complaints: string[] = [];
  on('Network.requestWillBeSent', ({ request }) => requests.push((request as { url: string }).url));
  for (const event of ['Log.entryAdded', 'Runtime.consoleAPICalled', 'Runtime.exceptionThrown'])
    on(event, (params) => complaints.push(JSON.stringify(params)));
  for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await send(`${domain}.enable`);
  return {
    send,
    requests,
    complaints,
    async show(url, { width, scheme }) {
      const size = { width, height: 900, deviceScaleFactor: 1, mobile: false };
      await send('Emulation.setDeviceMetricsOverride', size);
      await send('Emulation.setEmulatedMedia', {
        features: [{ name: 'prefers-color-scheme', value: scheme }],
      });
      const loaded = new Promise<void>((resolve) => on('Page.loadEventFired', () => resolve()));
      await send('Page.navigate', { url });
      await loaded;
    },
    async evaluate<R>(expression: string) {
      const { result } = await send<{ result: { value: R } }>('Runtime.evaluate', {
        expression,
        returnByValue: true,
      });
      return result.value;
    },
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await call('Browser.close').catch(() => child.kill());
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Calls and events of the protocol: JSON with a zero byte after each, to the third file of a browser and from its fourth. */
function protocol(child: ChildProcess) {
  const [to, from] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  const open = new Map<number, (message: Message) => void>();
  const listeners: { method: string; listener: (params: Record<string, unknown>) => void }[] = [];
  const take = (message: Message) => {
    if (message.id !== undefined) open.get(message.id)?.(message);
    for (const { method, listener } of listeners)
      if (method === message.method) listener(message.params ?? {});
  };
  let rest = '';
  from.setEncoding('utf8');
  from.on('data', (text: string) => {
    const messages = (rest + text).split('\0');
    rest = messages.pop() ?? '';
    for (const message of messages) take(JSON.parse(message) as Message);
  });
  let last = 0;
  const call = <R>(method: string, params: object = {}, sessionId?: string): Promise<R> =>
    new Promise<R>((resolve, reject) => {
      const id = ++last;
      open.set(id, ({ result, error }) => {
        open.delete(id);
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result as R);
      });
      child.once('exit', () => reject(new Error(`${method}: the browser has ended`)));
      to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  child.setMaxListeners(0);
  return {
    call,
    on: (method: string, listener: (params: Record<string, unknown>) => void) =>
      void listeners.push({ method, listener }),
  };
}
