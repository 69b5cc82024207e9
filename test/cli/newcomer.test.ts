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
    ['order list -w', "Unknown option '-w' (did you mean --watch?)."],
    ['order list -v', "Unknown option '-v' (did you mean --verbose?)."],
    ['order list --order-by price', "Unknown option '--order-by' (did you mean --sort?)."],
    ['order list --color=never', "Unknown option '--color' (did you mean --no-color?)."],
    ['backup create --to x', "Unknown option '--to' (did you mean --output?)."],
    ['config list', "Unknown command 'list' (did you mean config show?)."],
    ['config set timeout 5s', "Unknown command 'set' (did you mean config init?)."],
    ['config edit', "Unknown command 'edit' (did you mean config init?)."],
    ['migrate info', "Unknown command 'info' (did you mean migrate status?)."],
    ['migrate validate', "Unknown command 'validate' (did you mean migrate verify?)."],
    ['migrate rollback', "Unknown command 'rollback' (did you mean migrate down?)."],
    ['fill undo f1', "Unknown command 'undo' (did you mean fill bust?)."],
    ['backup check', "Unknown command 'check' (did you mean backup verify?)."],
    ['ping', "Unknown command 'ping' (did you mean doctor?)."],
    ['help dates', 'There is no help on dates; did you mean times?'],
    ['help json', 'There is no help on json; did you mean output?'],
    ['help colors', 'There is no help on colors; did you mean environment?'],
    ['help topcs', 'There is no help on topcs; did you mean topics?'],
  ])('%s is told what to type', async (line, message) => {
    const { code, stdout, stderr } = await cli(words(line));
    expect({ code, stdout, message: stderr.split('\n')[0] }).toEqual({
      code: 2,
      stdout: '',
      message: `error: ${message}`,
    });
  });

  it.each([
    ['risk set u DRAWDOWN 5', 'RULE_TYPE MAX_DRAWDOWN'],
    ['order list --status complete', '--status FILLED'],
    ['user add --user-id u --name n --email n@example.com --capital 5,00,000', '--capital 500000'],
    [
      'order place --user u --symbol TCS --side s --quantity 1,000 --type stop --price ₹2,450.50',
      '--side SELL --quantity 1000 --type STOP_LOSS --price 2450.50',
    ],
  ])('%s: did you mean %s?', async (line, meant) => {
    const { code, stderr } = await cli(words(line));
    expect(code).toBe(2);
    expect(stderr).toContain(`\n  Did you mean ${meant}?\n`);
  });

  it('names a database by a flag and is told where its name belongs', async () => {
    const { code, stderr } = await cli(words('order list --database postgres://db1/book'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/Unknown option '--database'\.\n {2}The database is named by DATABASE_URL/);
  });

  it.each([
    'postgres://u:p@hunter2/w@127.0.0.1/book',
    'postgres://u:p/hunter2@127.0.0.1/book',
    'postgres://u:p?hunter2@127.0.0.1/book',
  ])('repeats nothing of a password that takes the URL apart: %s', async (url) => {
    const { code, stderr } = await cli(['order', 'list'], { env: { DATABASE_URL: url } });
    expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringContaining('%2F for /') });
    expect(stderr).not.toContain('hunter2');
  });

  it('mistypes a variable and is told', async () => {
    const env = { PINNACLE_TIMOUT: '3s', PINNACLE_SERVICE_PORT: '80' };
    const { stderr } = await cli(['config', 'show'], { env });
    expect(stderr).toBe('warning: Nothing reads PINNACLE_TIMOUT; did you mean PINNACLE_TIMEOUT?\n');
  });

  it('finds every topic of help, each in lines of the terminal', async () => {
    const topics: { topic: string }[] = JSON.parse((await cli(words('help topics --json'))).stdout);
    expect(topics.length).toBeGreaterThan(10);
    for (const { topic } of topics) {
      const { code, stdout } = await cli(['help', topic], { tty: true, columns: 60 });
      expect({ topic, code }).toEqual({ topic, code: 0 });
      if (/^[A-Z].* .* .* /.test(stdout))
        for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(60);
    }
  });

  it.each([
    ['help help', 'help'],
    ['help help order', 'help order'],
    ['--version --json', 'version --json'],
    ['-V --utc', 'version'],
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
