import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isHere } from '../helpers/binaries.ts';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { startOnTerminal } from '../helpers/screen.ts';

const PROGRAM = `${process.execPath} ${resolve('bin/pinnacle.js')}`;
const SIZE = { columns: 100, rows: 24 };
/** How `stty -a` says that keys are shown and lines edited. */
const SANE = 'isig icanon iexten echo';

describe.runIf(isHere('less', 'script')).each(servers)(
  'a list longer than the screen, on $name',
  ({ open }) => {
    let db: TestDatabase;
    let redis: TestRedis;
    let folder: string;
    beforeAll(async () => {
      [db, redis] = await Promise.all([open(), startRedis()]);
      db.env['REDIS_URL'] = redis.url;
      folder = mkdtempSync(join(tmpdir(), 'pinnacle-pager-'));
      await given.user(db);
      await db.query(
        `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, created_at)
       SELECT 'o' || i, 'trader_001', 'TCS', 'BUY', 'LIMIT', 1, 100, '2026-01-01'::timestamp + i * interval '1 second'
       FROM generate_series(1, 5000) i`,
      );
    });
    afterAll(async () => {
      rmSync(folder, { recursive: true });
      await Promise.all([db.close(), redis.stop()]);
    });

    const start = (line: string, env: Record<string, string> = {}) =>
      startOnTerminal(`${PROGRAM} ${line}`, { LANG: 'C.UTF-8', ...db.env, ...env }, SIZE);
    /** A pager that writes down what it was told and given. */
    const recorder = (name: string) => {
      const file = join(folder, name);
      writeFileSync(
        file,
        `#!/bin/sh\necho "$# $* LESS=$LESS URL=$DATABASE_URL" > ${file}.told\ncat > ${file}.read\n`,
      );
      chmodSync(file, 0o755);
      return {
        file,
        told: () => readFileSync(`${file}.told`, 'utf8'),
        read: () => readFileSync(`${file}.read`, 'utf8'),
      };
    };

    it('is shown by less, a screen at a time, in colour; its note follows when less ends', async () => {
      const list = start('order list');
      await expect.poll(() => list.screen.inSight().at(-1)).toBe(':');
      const first = list.screen.inSight();
      expect(first[0]).toMatch(/^order_id +user_id/);
      expect(first[22]).toMatch(/^o4979 /);
      expect(list.printed()).toContain('\u001b[33mPENDING');
      expect(list.printed()).not.toContain('There are more');
      list.type(' ');
      await expect.poll(() => list.screen.inSight().join()).toContain('o4957 ');
      list.type('q');
      expect(await list.ended).toMatch(/There are more than these 50: --all, or --after \w+\r\nended 0\r\n/);
    });

    it('ends quietly when less is quit at once, and the rest is not read', async () => {
      const list = start('order list --all');
      await expect.poll(() => list.screen.inSight().at(-1)).toBe(':');
      list.type('q');
      const printed = await list.ended;
      expect(printed).toContain('ended 0');
      expect(printed).not.toMatch(/error|warning|EPIPE|o1 /);
    });

    it('leaves Ctrl-C to less', async () => {
      const list = start('order list --all');
      await expect.poll(() => list.screen.inSight().at(-1)).toBe(':');
      list.type('\u0003');
      // less drops what is typed while it handles an interrupt.
      const toTheEnd = () => {
        list.type('G');
        return list.screen.inSight().join();
      };
      await expect.poll(toTheEnd, { interval: 500 }).toContain('o1 ');
      list.type('q');
      expect(await list.ended).toContain(`ended 0\r\n${SANE}`);
    });

    it('leaves the terminal as it was when it is terminated', async () => {
      const list = start('order list --all');
      await expect.poll(() => list.screen.inSight().at(-1)).toBe(':');
      const [, pid = ''] = /pid (\d+)/.exec(list.printed()) ?? [];
      process.kill(Number(pid), 'SIGTERM');
      const printed = await list.ended;
      expect(printed).toContain(`ended 143\r\n${SANE}`);
      expect(printed).toContain('error: Terminated.');
    });

    it('is shown by PINNACLE_PAGER before PAGER, without a shell, told how less should behave and no secret', async () => {
      const [ours, theirs] = [recorder('ours'), recorder('theirs')];
      const one = start('order list', { PINNACLE_PAGER: `${ours.file} -x $(id) '`, PAGER: theirs.file });
      expect(await one.ended).toContain('ended 0');
      expect(ours.told()).toBe("3 -x $(id) ' LESS=FRX URL=\n");
      expect(ours.read().split('\n')).toHaveLength(52);
      const two = start('order list', { PAGER: theirs.file, LESS: 'S' });
      expect(await two.ended).toContain('ended 0');
      expect(theirs.told()).toBe('0  LESS=S URL=\n');
      expect(theirs.read()).toBe(ours.read());
    });

    it.each([
      ['a pager that is not there', 'order list', { PAGER: '/nowhere/more -x' }],
      ['an empty PAGER', 'order list', { PAGER: '' }],
      ['PAGER=cat', 'order list', { PAGER: 'cat' }],
      ['an empty PINNACLE_PAGER', 'order list', { PINNACLE_PAGER: '', PAGER: 'less' }],
      ['--no-pager', 'order list --no-pager', {}],
      ['a dumb terminal', 'order list', { TERM: 'dumb' }],
    ])('is printed as it is with %s', async (_, line, env) => {
      const printed = await start(line, env).ended;
      expect(printed.match(/^o\d+ /gm)).toHaveLength(50);
      expect(printed).toMatch(/There are more than these 50: .*\r\nended 0/);
      expect(printed).not.toContain('nowhere');
    });

    it.each([
      ['what fits the screen', 'order list --limit 19', 19],
      ['a list that goes on elsewhere', 'order list | cat', 0],
      ['a list that is watched', 'order watch --for 1ms', 0],
      ['what was written', 'user add --user-id u9 --name N --email n@example.com --verbose', 0],
    ])('no pager is started for %s', async (_, line, rows) => {
      const pager = recorder(`never-${rows}`);
      const printed = await start(line, { PAGER: pager.file }).ended;
      expect(printed).toContain('ended 0');
      expect(existsSync(`${pager.file}.told`)).toBe(false);
    });

    it('ends with what the command found, and with its error after what it printed', async () => {
      const env = { PAGER: recorder('found').file };
      expect(await start('doctor ledger', env).ended).toContain('ended 6');
      expect(readFileSync(join(folder, 'found.read'), 'utf8')).toContain('last changed without an audit row');
      expect(await start('order list --user nobody', env).ended).toMatch(
        /error: There is no user nobody\.\r\n.*\r\nended 3/,
      );
    });

    it('so is help', async () => {
      const help = start('help environment');
      await expect.poll(() => help.screen.inSight().at(-1)).toBe(':');
      expect(help.screen.inSight().join()).toContain('DATABASE_URL');
      help.type('q');
      expect(await help.ended).toContain('ended 0');
    });
  },
);
