import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';

describe.each(databases)('a protected profile on $name', ({ open }) => {
  let db: TestDatabase;
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-protected-'));
  const file = join(folder, 'protected.json');
  beforeAll(async () => {
    db = await open();
    writeFileSync(file, JSON.stringify({ profiles: { prod: { protected: true } } }), { mode: 0o600 });
    await given.strategy(db, 's1');
  });
  afterAll(async () => {
    await db.close();
    rmSync(folder, { recursive: true });
  });

  const prod = (...argv: string[]) => db.cli('--config', file, '--profile', 'prod', ...argv);
  const down = (...names: string[]) =>
    prod('migrate', 'down', '--to', '0', ...names.flatMap((name) => ['--confirm', name]));

  it('asks for its name, which is no consent to a loss', async () => {
    expect(await prod('strategy', 'enable', 's1')).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('--confirm prod'),
    });
    expect((await prod('strategy', 'enable', 's1', '--confirm', 'prod')).code).toBe(0);
    const refused = await down('prod');
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining('strategies (1 row)')]);
    expect((await down('prod', 'prod')).code).toBe(2);
    expect((await db.query('SELECT FROM strategies')).rows).toHaveLength(1);
  });

  it('shows what is lost, also where both names are given, and in a dry run', async () => {
    const [, name = ''] = /--confirm (\S+?)\.?\s/.exec((await down('prod')).stderr) ?? [];
    const loss = expect.stringContaining('strategies (1 row)');
    expect(await prod('migrate', 'down', '--to', '0', '--dry-run')).toMatchObject({ stderr: loss });
    const done = await down(name, 'prod');
    expect([done.code, done.stderr]).toEqual([0, loss]);
  });
});
