import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli } from '../helpers/cli.ts';
import { freePort } from '../helpers/redis.ts';
import { hasTerminals, openTerminal } from '../helpers/terminal.ts';
import { words } from '../helpers/words.ts';

/** What people type who know other programs. */
describe('what a newcomer tries', () => {
  it.each([
    ['orders list', "Unknown command 'orders' (did you mean order?)."],
    ['users', "Unknown command 'users' (did you mean user?)."],
    ['get orders', "Unknown command 'get' (did you mean order show?)."],
    ['list positions', "Unknown command 'list' (did you mean position list?)."],
    ['show user u1', "Unknown command 'show' (did you mean user show?)."],
    ['order rm o1', "Unknown command 'rm' (did you mean order cancel?)."],
    ['order delete o1', "Unknown command 'delete' (did you mean order cancel?)."],
    ['ps', "Unknown command 'ps' (did you mean one of status, session list?)."],
    ['order list -o json', "Unknown option '-o, --output' (did you mean --json?)."],
    ['order list --format json', "Unknown option '--format' (did you mean --json?)."],
    ['order list --page 2', "Unknown option '--page' (did you mean --after?)."],
    ['order list --desc', "Unknown option '--desc' (did you mean --reverse?)."],
    ['position list --account u1', "Unknown option '--account' (did you mean --user?)."],
    ['order list --usr u1', "Unknown option '--usr' (did you mean --user?)."],
    ['-L 5 order list', "Unknown option '-L, --limit'."],
  ])('%s is told what to type', async (line, message) => {
    const { code, stdout, stderr } = await cli(words(line));
    expect({ code, stdout, message: stderr.split('\n')[0] }).toEqual({
      code: 2,
      stdout: '',
      message: `error: ${message}`,
    });
  });

  it.each([
    ['order help', 'help order'],
    ['order help place', 'help order place'],
    ['user logins help revoke', 'help user logins revoke'],
    ['order help place', 'order place --help'],
  ])('%s is %s', async (line, same) => {
    const [asked, known] = [await cli(words(line)), await cli(words(same))];
    expect(asked.code).toBe(0);
    expect(asked).toEqual(known);
  });

  it.each([
    [{ CLICOLOR_FORCE: '1' }, false, true],
    [{ CLICOLOR_FORCE: '0' }, false, false],
    [{ CLICOLOR: '0' }, true, false],
    [{ CLICOLOR: '1' }, true, true],
    [{ CLICOLOR_FORCE: '1', NO_COLOR: '1' }, true, false],
    [{ FORCE_COLOR: '0', CLICOLOR_FORCE: '1' }, true, false],
  ])('%j on a terminal (%s) colours: %s', async (env, tty, isColoured) => {
    const { stderr } = await cli(['ordr'], { env, tty });
    expect(stderr.includes('\u001b[')).toBe(isColoured);
  });

  it('messages are broken between words, and a command in them is not', async () => {
    const { stderr } = await cli(words('order list --columns nothing'), {
      tty: true,
      columns: 40,
      env: { NO_COLOR: '1' },
    });
    const lines = stderr.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(40);
    expect(lines.join(' ').replace(/ +/g, ' ')).toContain(
      'quantity, price, filled_quantity, filled_price, status,',
    );
  });

  it.runIf(hasTerminals()).each(['-V', '-v'])('%s is --version', async (flag) => {
    const terminal = openTerminal(flag, { env: {}, cwd: tmpdir() });
    expect(await terminal.ended).toBe(0);
    expect(terminal.text()).toMatch(/^pinnacle \d+\.\d+\.\d+/);
  });

  it.runIf(hasTerminals()).each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('%s at a question ends 130, and nothing is changed', async (_name, key) => {
    const cwd = mkdtempSync(join(tmpdir(), 'pinnacle-question-'));
    const terminal = openTerminal('order place', { env: {}, cwd });
    await terminal.until('the user (--user)');
    terminal.type(key);
    expect(await terminal.ended).toBe(130);
    expect(terminal.text()).toContain('\nerror: Interrupted at the question; nothing was changed.');
    rmSync(cwd, { recursive: true });
  });

  it.runIf(hasTerminals())('Ctrl-C is answered while the embedded database is made', async () => {
    const home = mkdtempSync(join(tmpdir(), 'pinnacle-opening-'));
    const env = { HOME: home, PINNACLE_DATABASE: 'embedded' };
    const terminal = openTerminal('migrate up', { env, cwd: home });
    await terminal.until('which is done once');
    terminal.type('\u0003');
    expect(await terminal.ended).toBe(130);
    expect(terminal.text()).toContain('error: Interrupted. What was not finished is rolled back.');
    rmSync(home, { recursive: true });
  });

  it.runIf(hasTerminals())('Ctrl-C is answered while a server is silent', async () => {
    const silent = createServer(() => {});
    const port = await freePort();
    await new Promise<void>((done) => silent.listen(port, '127.0.0.1', done));
    const env = { DATABASE_URL: `postgres://nobody@127.0.0.1:${port}/none` };
    const terminal = openTerminal('order list', { env, cwd: tmpdir() });
    const [connection] = (await once(silent, 'connection')) as [Socket];
    terminal.type('\u0003');
    expect(await terminal.ended).toBe(130);
    expect(terminal.text()).toContain('error: Interrupted.');
    connection.destroy();
    silent.close();
  });
});
