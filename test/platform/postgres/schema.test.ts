import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CliResult } from '../../helpers/cli.ts';
import { embedded, servers, type TestDatabase } from '../../helpers/databases.ts';
import { startRedis } from '../../helpers/redis.ts';
import { words } from '../../helpers/words.ts';

describe.each(servers)('schemas of one database on $name', ({ open }) => {
  let db: TestDatabase;
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-schemas-'));
  beforeAll(async () => {
    db = await open(0);
    await db.query('CREATE TABLE somebodys (note text)');
  });
  afterAll(async () => {
    await db.close();
    rmSync(folder, { recursive: true });
  });

  const at = (schema: string, line: string): Promise<CliResult> => {
    const env = { PINNACLE_SCHEMA: schema, PINNACLE_BACKUP_DIR: folder };
    return db.cliWith({ env }, ...words(line));
  };
  const rowsOf = async (schema: string) =>
    (
      await db.query(
        `SELECT (SELECT json_agg(o ORDER BY order_id) FROM ${schema}.orders o)::text AS orders,
           (SELECT json_agg(f ORDER BY fill_id) FROM ${schema}.order_fills f)::text AS fills,
           (SELECT json_agg(p ORDER BY position_id) FROM ${schema}.positions p)::text AS positions`,
      )
    ).rows;
  const trade = async (schema: string, price: number) => {
    for (const line of [
      'migrate up',
      'user add --user-id u --name U --email u@example.com --capital 100000 --json',
      'session start --user u',
      'order place --order-id o --user u --symbol TCS --side BUY --quantity 5',
      `order fill o --quantity 5 --price ${price}`,
      `position mark TCS=${price + 1}`,
      'risk check',
    ])
      expect({ line, ...(await at(schema, line)) }).toMatchObject({ line, code: 0 });
  };

  it('are made by migrate up, and are worked in beside each other', async () => {
    const { stderr } = await at('desk_a', 'migrate up');
    expect(stderr).toContain(', schema desk_a');
    await Promise.all([trade('desk_a', 100), trade('desk_b', 200)]);
    for (const [schema, value] of [
      ['desk_a', '101'],
      ['desk_b', '201'],
    ] as const) {
      const { stdout } = await at(schema, 'position list --csv --columns symbol,quantity,current_price');
      expect(stdout).toContain(`TCS,5,${value}`);
      for (const line of [
        'doctor ledger',
        'audit verify',
        'migrate verify',
        'migrate drift',
        'doctor --check phase',
      ])
        expect({ line, ...(await at(schema, line)) }).toMatchObject({ line, code: 0 });
    }
    const { rows } = await db.query(
      "SELECT count(*)::int AS n FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    );
    expect(rows).toEqual([{ n: 1 }]);
  });

  it('are backed up, verified and restored one by one; the other one and the rest stay as they are', async () => {
    const [before, other] = [await rowsOf('desk_a'), await rowsOf('desk_b')];
    const made = await at('desk_a', 'backup create --json');
    expect(made).toMatchObject({ code: 0 });
    const { file, left_out } = JSON.parse(made.stdout);
    expect(left_out).toBe(0);
    expect(await at('desk_a', `backup verify ${file} --deep --trust`)).toMatchObject({ code: 0 });
    expect(
      await at('desk_a', 'order place --order-id later --user u --symbol TCS --side BUY --quantity 1'),
    ).toMatchObject({ code: 0 });
    const name = String((await db.query('SELECT current_database() AS name')).rows[0]?.['name']);
    expect(await at('desk_b', 'backup status --max-age 1h')).toMatchObject({ code: 6 });
    for (let i = 0; i < 2; i++) expect(await at('desk_b', 'backup create')).toMatchObject({ code: 0 });
    expect(await at('desk_b', 'backup prune --keep 1 --yes')).toMatchObject({ code: 0 });
    for (const schema of ['desk_a', 'desk_b']) {
      const { stdout } = await at(schema, 'backup list --json database');
      expect(JSON.parse(stdout)).toEqual([{ database: `${name}.${schema}` }]);
    }
    const restored = await at('desk_a', `backup restore ${file} --trust --confirm desk_a --json`);
    expect(restored).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/backup of \S+\.desk_a replaces.*previous schema is kept/s),
    });
    const { kept } = JSON.parse(restored.stdout);
    expect(kept).toMatch(/^desk_a_before_\d{8}t\d{6}$/);
    expect([await rowsOf('desk_a'), await rowsOf('desk_b')]).toEqual([before, other]);
    expect((await db.query(`SELECT count(*)::int AS n FROM ${kept}.orders`)).rows).toEqual([{ n: 2 }]);
    for (const line of [
      'doctor ledger',
      'audit verify',
      'migrate drift',
      'order cancel o',
      'order place --user u --symbol TCS --side BUY --quantity 1',
    ])
      expect({ line, code: (await at('desk_a', line)).code }).toEqual({
        line,
        code: line === 'order cancel o' ? 5 : 0,
      });
    expect(await at('desk_c', `backup restore ${file} --trust`)).toMatchObject({ code: 0 });
    expect(await rowsOf('desk_c')).toEqual(before);
    expect((await db.query('SELECT FROM somebodys')).rows).toEqual([]);
  });

  it('leave the keys of each other alone in a Redis that they share', async () => {
    const redis = await startRedis();
    const both = { REDIS_URL: redis.url };
    const run = (schema: string, line: string) =>
      db.cliWith({ env: { PINNACLE_SCHEMA: schema, ...both } }, ...words(line));
    try {
      for (const schema of ['desk_a', 'desk_b'])
        expect(
          await run(
            schema,
            `order place --order-id live_${schema} --user u --symbol TCS --side BUY --quantity 1`,
          ),
        ).toMatchObject({ code: 0 });
      for (const line of ['realtime rebuild --yes', 'doctor realtime'])
        for (const schema of ['desk_a', 'desk_b'])
          expect({ line, ...(await run(schema, line)) }).toMatchObject({ line, code: 0 });
      for (const schema of ['desk_a', 'desk_b'])
        expect(await redis.cli('exists', `${schema}:order:live_${schema}`)).toBe('1');
    } finally {
      await redis.stop();
    }
  });

  it('are taken from the file with their database, and refused where they cannot be meant', async () => {
    const config = join(folder, 'config.json');
    const written = (database: unknown) => writeFileSync(config, JSON.stringify({ database }));
    const listed = (env: Record<string, string> = {}) =>
      db.cliWith({ env: { DATABASE_URL: '', ...env } }, '--config', config, 'order', 'list', '--csv');
    written({ url: db.env['DATABASE_URL'], schema: 'desk_b' });
    expect((await listed()).stdout).toContain('TCS');
    // Another database has its own schemas.
    const elsewhere = await listed({ DATABASE_URL: String(db.env['DATABASE_URL']) });
    expect(elsewhere).toMatchObject({ code: 5, stderr: expect.stringContaining('migrate up') });
    for (const schema of ['pg_catalog', 'Desk', 'a b', '', 'a"; DROP']) {
      written({ url: db.env['DATABASE_URL'], schema });
      expect({ schema, code: (await listed()).code }).toEqual({ schema, code: 78 });
    }
    written({ url: db.env['DATABASE_URL'], shema: 'desk_b' });
    expect((await listed()).stderr).toContain('did you mean database.schema?');
  });
});

it('the embedded database has none', async () => {
  const db = await embedded.open(0);
  try {
    await db.refused(
      'user list',
      { code: 78, stderr: /has no schemas/ },
      { env: { PINNACLE_SCHEMA: 'desk' } },
    );
  } finally {
    await db.close();
  }
});
