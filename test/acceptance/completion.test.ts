import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isHere } from '../helpers/binaries.ts';
import { cli } from '../helpers/cli.ts';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { start } from '../helpers/process.ts';
import { TIMED } from '../helpers/timed.ts';
import { words } from '../helpers/words.ts';

const PROGRAM = resolve('bin/pinnacle.js');

/** What is typed before TAB, what is then offered or typed, and what must not be. */
const CASES: readonly [typed: string, offered: readonly string[], never: readonly string[]][] = [
  ['pinnacle ', ['user', 'order', 'completion', 'migrate'], ['halt']],
  ['pinnacle or', ['order'], ['user']],
  ['pinnacle re', ['report', 'retention', 'reconcile', 'realtime'], ['order']],
  ['pinnacle order pl', ['place'], ['cancel']],
  ['pinnacle order ', ['place', 'cancel', 'list', 'show'], ['user']],
  ['pinnacle order place --s', ['--side', '--symbol', '--strategy'], ['--quantity']],
  ['pinnacle order place --side ', ['BUY', 'SELL'], []],
  ['pinnacle order place --side B', ['BUY'], ['SELL']],
  ['pinnacle order place --side=S', ['--side=SELL'], ['BUY']],
  ['pinnacle order place --quantity 5 --sid', ['--side'], ['--symbol']],
  [
    'pinnacle order list --columns order_id,st',
    ['order_id,status', 'order_id,strategy_id'],
    ['order_id,side'],
  ],
  ['pinnacle order list --columns order_id,status,order_', ['order_id,status,order_type'], []],
  ['pinnacle order list --status=PL', ['--status=PLACED'], ['PENDING']],
  ['pinnacle --profile prod order sh', ['show'], []],
  ['pinnacle order list --j', ['--json'], []],
  ['pinnacle help ri', ['risk'], ['order']],
  ['pinnacle help risk ha', ['halt'], []],
  ['pinnacle doctor l', ['ledger'], []],
  ['pinnacle doctor --q', ['--quiet'], []],
  ['pinnacle user logins ', ['list', 'revoke', 'revoke-all'], ['show']],
  ['pinnacle schedule print ', ['crontab', 'systemd'], []],
  ['pinnacle risk halt --rea', ['--reason'], []],
  ['pinnacle user show ', ['desk:alpha', 'desk:beta', 'trader_001'], []],
  ['pinnacle user show tr', ['trader_001'], ['desk']],
  ['pinnacle user show desk:a', ['desk:alpha'], ['beta']],
  ['pinnacle order list --user tr', ['trader_001'], ['desk']],
  ['pinnacle order list --user=tr', ['--user=trader_001'], ['desk']],
  ['pinnacle order show ord_work', ['ord_working'], ['ord_filled']],
  ['pinnacle position close pos', ['POSITION'], []],
  ['pinnacle alert channel test de', ['desk'], ['pager']],
  ['pinnacle alert retry --channel pa', ['pager'], ['desk']],
  ['pinnacle alert route remove rte', ['ROUTE'], []],
  ['pinnacle alert dismiss dlv', ['dlv_dead'], ['dlv_sent']],
  ['pinnacle order import fil', ['fills.csv'], []],
];

/** What a shell runs first: completion as installed, and ^Xq, which shows the line and empties it. */
const SHELLS = {
  bash: {
    command: 'bash --noprofile --rcfile bash.start -i',
    start: `PS1='ready> '; . ./bash.completion
bind 'set show-all-if-ambiguous on'; bind 'set completion-query-items 0'; bind 'set page-completions off'
bind 'set enable-bracketed-paste off'
shown() { echo "@@$READLINE_LINE@@"; READLINE_LINE=''; READLINE_POINT=0; }
bind -x '"\\C-xq": shown'`,
  },
  zsh: {
    command: 'zsh -f -i',
    start: `PS1='ready> '; autoload -U compinit; compinit -u -D; . ./zsh.completion
stty rows 100 cols 100; LISTMAX=100; unset zle_bracketed_paste
shown() { print -r -- "@@$BUFFER@@"; BUFFER=''; zle redisplay }
zle -N shown; bindkey '^Xq' shown`,
  },
} as const;

const SHOWN = '\x18q';

/** What a shell shows on a terminal for each line that is typed and followed by TAB, and the line that comes of it. */
async function tabs(shell: keyof typeof SHELLS, lines: readonly string[], env: Record<string, string>) {
  const child = spawn('script', ['-qfec', SHELLS[shell].command, '/dev/null'], { cwd: folder, env });
  let screen = '';
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString();
  });
  const typing = async (keys: string, end: RegExp, again = '') => {
    screen = '';
    child.stdin.write(keys);
    // A shell may drop what is typed while it completes.
    const repeated = setInterval(() => child.stdin.write(again), 1_000);
    try {
      await expect.poll(() => screen, { interval: 10 }).toMatch(end);
    } finally {
      clearInterval(repeated);
    }
    return screen;
  };
  const screens: string[] = [];
  try {
    await typing(shell === 'zsh' ? '. ./zsh.start\r' : '', /ready> $/);
    for (const line of lines) screens.push(await typing(`${line}\t${SHOWN}`, /@@.+@@/, SHOWN));
  } finally {
    child.kill('SIGKILL');
  }
  return screens;
}

let folder: string;
let db: TestDatabase;
let position: string;
let route: string;

const environment = (env: Record<string, string>) => ({
  PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
  HOME: folder,
  TERM: 'dumb',
  LANG: 'C.UTF-8',
  ...env,
});

const meant = (words: readonly string[]) =>
  words.map((word) => ({ POSITION: position, ROUTE: route })[word] ?? word);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pinnacle-completion-'));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/pinnacle'), `#!/bin/sh\nexec ${process.execPath} ${PROGRAM} "$@"\n`);
  chmodSync(join(folder, 'bin/pinnacle'), 0o755);
  writeFileSync(join(folder, 'fills.csv'), '');
  for (const shell of ['bash', 'zsh', 'fish'])
    writeFileSync(join(folder, `${shell}.completion`), (await start({}, 'completion', shell).ended).stdout);
  for (const [shell, { start }] of Object.entries(SHELLS))
    writeFileSync(join(folder, `${shell}.start`), start);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(servers)('completion on $name', ({ open }) => {
  beforeAll(async () => {
    db = await open(4);
    for (const id of ['trader_001', 'desk:alpha', 'desk:beta'])
      await given.user(db, id, { email: `${id.replace(':', '.')}@example.com` });
    await given.order(db, { orderId: 'ord_working' });
    for (const name of ['desk', 'pager'])
      await db.json(
        ...words(`alert channel add ${name} email --host localhost --from a@example.com --to b@example.com`),
      );
    route = (await db.json<{ route_id: string }>('alert', 'route', 'add', 'desk')).route_id;
    await db.query(
      `INSERT INTO alert_deliveries (delivery_id, route_id, channel, group_key, critical, message, state, created_at, next_at, give_up_at)
       SELECT 'dlv_' || lower(state), $1, 'desk', 'digest', false, '{"title": "t"}', state, now(), now(), now() FROM unnest('{DEAD,SENT}'::text[]) state`,
      [route],
    );
    position = await given.position(db, { price: 100, orderId: 'ord_filled' });
  });
  afterAll(() => db.close());

  it.runIf(isHere('fish'))('completes in fish', TIMED, async () => {
    const asked = CASES.map(([typed]) => `complete -C ${JSON.stringify(typed)}; echo @@`);
    const { stdout } = await promisify(execFile)(
      'fish',
      ['--no-config', '-c', ['source fish.completion', ...asked].join('\n')],
      { cwd: folder, env: environment(db.env) },
    );
    const answers = stdout.split('@@\n');
    for (const [i, [typed, offered, never]] of CASES.entries()) {
      const values = (answers[i] ?? '').split('\n').map((line) => line.split('\t')[0]);
      expect(values, typed).toEqual(expect.arrayContaining(meant(offered)));
      for (const word of never) expect(values, typed).not.toContain(word);
    }
  });

  it.each((['bash', 'zsh'] as const).filter((shell) => isHere(shell, 'script')))(
    'completes at a TAB in %s',
    async (shell) => {
      const lines = CASES.map(([typed]) => typed);
      const screens = await tabs(shell, lines, environment(db.env));
      for (const [i, [typed, offered, never]] of CASES.entries()) {
        // What is offered for a word leaves out what stands before its = or :, as the shell sees it.
        const shown = meant(offered).map((word) => (shell === 'bash' ? word.replace(/^.*[=:]/, '') : word));
        for (const word of shown) expect(screens[i], typed).toContain(word);
        for (const word of never) expect(screens[i]?.slice(typed.length), typed).not.toContain(word);
      }
    },
  );

  it('waits a quarter of a second for a database that does not answer', TIMED, async () => {
    const silent: Socket[] = [];
    const server = createServer((socket) => silent.push(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const took = async (...line: string[]) => {
      const begin = performance.now();
      const env = { DATABASE_URL: `postgres://desk@127.0.0.1:${port}/book` };
      const ended = await start(env, 'completion', 'suggest', '--', ...line).ended;
      expect(ended).toEqual({ code: 0, stdout: expect.any(String), stderr: '' });
      return performance.now() - begin;
    };
    await took('user', 'show', 'x');
    const without = await took('user', 'sh');
    expect((await took('user', 'show', 'x')) - without).toBeLessThan(300);
    expect(silent.length).toBeGreaterThan(0);
    for (const socket of silent) socket.destroy();
    server.close();
  });

  it.each([
    ['refuses', { DATABASE_URL: 'postgres://desk@127.0.0.1:1/book' }],
    ['is not configured', {}],
    ['has no tables', undefined],
  ])('says nothing where a database %s', async (_, env) => {
    const empty = env === undefined ? await open(0) : undefined;
    const { code, stdout, stderr } = await cli(['completion', 'suggest', '--', 'user', 'show', ''], {
      env: env ?? empty?.env ?? {},
    });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    await empty?.close();
  });
});
