import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../src/util/failure.ts';
import { allCommands } from '../helpers/commands.ts';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';

it('every read that ends and writes no file takes --watch, and nothing else does but what watches by itself', async () => {
  const commands = await allCommands();
  const ofWatch = commands.filter(({ command: { flags } }) => 'watch' in flags);
  expect(ofWatch.length).toBeGreaterThan(40);
  for (const { name, command } of ofWatch.filter(({ name: each }) => each !== 'broker sync'))
    expect({ name, effect: command.effect, live: command.live }).toEqual({
      name,
      effect: 'read',
      live: undefined,
    });
  for (const { name, command } of commands.filter(({ command: { flags } }) => 'after' in flags))
    expect({ name, watch: 'watch' in command.flags }).toEqual({ name, watch: true });
});

describe.each(databases)('--watch on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db);
  });
  afterAll(() => db.close());

  /** Watches until what it printed satisfies a condition; then it is interrupted. */
  const watch = async (until: (stdout: string) => boolean, tty: boolean, ...argv: string[]) => {
    const ending = new AbortController();
    const onOutput = (stdout: string) => {
      if (until(stdout)) ending.abort(new Failure('interrupted', 'INTERRUPTED', 'Interrupted.'));
    };
    const env = { TERM: 'xterm', LANG: 'C.UTF-8', NO_COLOR: '1' };
    return db.cliWith(
      { signal: ending.signal, onOutput, tty, redirected: true, env },
      ...argv,
      '--watch',
      '--interval',
      '100ms',
    );
  };

  it('prints a line of JSON for each look, and ends 0 when it is interrupted', async () => {
    const { code, stdout } = await watch(
      (text) => text.split('\n').length > 3,
      false,
      'user',
      'list',
      '--json',
      'user_id',
    );
    expect(code).toBe(0);
    for (const line of stdout.trimEnd().split('\n').slice(0, 3))
      expect(JSON.parse(line)).toEqual([{ user_id: 'trader_001' }]);
  });

  it('prints one look after the other in a pipe, and shows what has changed', async () => {
    let placed: Promise<unknown> | undefined;
    const argv = ['order', 'list', '--columns', 'order_id,status'];
    await given.order(db, { orderId: 'early' });
    const until = (text: string) => {
      placed ??= text.includes('early') ? given.order(db, { orderId: 'late' }) : undefined;
      return text.includes('late');
    };
    const { code, stdout } = await watch(until, false, ...argv);
    await placed;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^early\tPENDING\n\n/);
    expect(stdout).toMatch(/\n\nlate\tPENDING\nearly\tPENDING\n$/);
  });

  it('draws in place on a terminal, gives it back, and leaves the last look', async () => {
    const { code, stdout } = await watch((text) => text.includes('trader_001'), true, 'user', 'list');
    expect(code).toBe(0);
    expect(stdout.startsWith('\x1b[?1049h')).toBe(true);
    const [onScreen = '', after = ''] = stdout.split('\x1b[?1049l');
    expect(onScreen).toContain('every 0.1 s: pinnacle user list');
    expect(after).toMatch(/^user_id .*\ntrader_001 /);
    expect(after).not.toContain('\x1b');
  });

  it('ends with the code of what is refused at once', async () => {
    const shown = await db.cli('user', 'show', 'nobody', '--watch');
    expect(shown).toMatchObject({ code: 3, stdout: '' });
    expect(shown.stderr).toContain('There is no user nobody');
    await db.refused('user list --watch --interval 1ms', { code: 2, stderr: 'at least 100ms' });
    await db.refused('user list --watch --interval soon', { code: 2, stderr: 'duration' });
  });
});
