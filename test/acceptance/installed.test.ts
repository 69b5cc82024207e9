import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases } from '../helpers/databases.ts';
import { shell } from '../helpers/process.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pinnacle-installed-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('without the embedded engine', () => {
  let root: string;
  beforeAll(() => {
    root = join(folder, 'its place');
    for (const part of ['bin', 'dist', 'migrations', 'package.json'])
      cpSync(part, join(root, part), { recursive: true });
  });

  const run = (env: Record<string, string>, argv: string) =>
    shell({ ...env, PINNACLE: join(root, 'bin/pinnacle.js') }, `"$PINNACLE" ${argv}`);
  const sentence = () =>
    `This needs the embedded PostgreSQL, the package @electric-sql/pglite, which is not installed.\n  Install it: npm install --omit=dev --prefix '${root}'. Without a registry: docs/install.md.\n`;

  it.each(['migrate up', 'user list'])(
    'pinnacle %s says how to install it, and makes nothing',
    async (argv) => {
      const data = join(folder, 'data/book');
      const { code, stdout, stderr } = await run(
        { PINNACLE_DATABASE: 'embedded', PINNACLE_DATA_DIR: data },
        argv,
      );
      expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
      expect(stderr).toContain(`error: ${sentence()}`);
      expect(existsSync(join(folder, 'data'))).toBe(false);
    },
  );

  it.each(databases.filter(({ name }) => name === 'server'))(
    'a server can be used, but not compared with its scripts',
    async ({ open }) => {
      const db = await open();
      try {
        // The catalog that another installation computed must not be found.
        const env = { ...db.env, XDG_CACHE_HOME: join(folder, 'cache') };
        expect((await run(env, 'user list')).code).toBe(0);
        const drift = await run(env, 'migrate drift');
        expect({ code: drift.code, stdout: drift.stdout }).toEqual({ code: 78, stdout: '' });
        expect(drift.stderr).toContain(`error: ${sentence()}`);
        const doctor = await run(env, 'doctor --json check,state,detail,help');
        expect(JSON.parse(doctor.stdout)).toEqual(
          expect.arrayContaining([
            expect.objectContaining({ check: 'connection', state: 'ok' }),
            {
              check: 'drift',
              state: 'warn',
              detail: expect.stringContaining('@electric-sql/pglite'),
              help: expect.stringContaining('npm install'),
            },
          ]),
        );
      } finally {
        await db.close();
      }
    },
  );
});
