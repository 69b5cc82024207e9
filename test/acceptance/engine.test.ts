import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers } from '../helpers/databases.ts';
import { shell } from '../helpers/process.ts';

describe.each(servers)('an installation without the embedded engine, on a $name', ({ open }) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pinnacle-engine-'));
    for (const part of ['bin', 'dist', 'migrations', 'package.json'])
      cpSync(part, join(folder, part), { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('works, but cannot compare the database with its scripts, which drift and doctor say', async () => {
    const db = await open();
    try {
      // The catalog that another installation computed must not be found.
      const env = {
        ...db.env,
        XDG_CACHE_HOME: join(folder, 'cache'),
        PINNACLE: join(folder, 'bin/pinnacle.js'),
      };
      expect((await shell(env, '$PINNACLE user list')).code).toBe(0);
      const drift = await shell(env, '$PINNACLE migrate drift --json');
      expect({ code: drift.code, stdout: drift.stdout }).toEqual({ code: 78, stdout: '' });
      expect(JSON.parse(drift.stderr)).toEqual({
        error: {
          code: 'ENGINE_MISSING',
          message: expect.stringContaining('@electric-sql/pglite, which is not installed'),
          hint: expect.stringContaining(`npm install --omit=dev --prefix ${folder}.`),
          retryable: false,
          changed: false,
        },
      });
      const doctor = await shell(env, '$PINNACLE doctor --json check,state,detail,help');
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
  });
});
