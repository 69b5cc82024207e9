import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { cli } from '../../helpers/cli.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'pinnacle-opening-'));
});
afterEach(() => rm(home, { recursive: true }));

const migrate = (XDG_CACHE_HOME: string, tty: boolean) =>
  cli(['migrate', 'up', '--to', '1'], { tty, home, env: { PINNACLE_DATABASE: 'embedded', XDG_CACHE_HOME } });

it('a new embedded database says on a terminal what takes so long, the first time and later', async () => {
  const first = await migrate(join(home, 'cache'), true);
  expect([first.code, first.stderr]).toEqual([0, expect.stringContaining('Preparing PostgreSQL')]);
  await rm(join(home, '.local'), { recursive: true });
  const second = await migrate(join(home, 'cache'), true);
  expect(second.stderr).not.toContain('Preparing PostgreSQL');
  expect(second.stderr).toContain(`Making the embedded database ${home}`);
});

it('it says nothing of that to a script', async () => {
  const { code, stderr } = await migrate(inject('cacheDir'), false);
  expect(code).toBe(0);
  expect(stderr).not.toMatch(/Preparing|Making/);
});
