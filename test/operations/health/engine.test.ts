import { connect, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../../helpers/cli.ts';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';

describe.each(databases)('doctor engine on $name', ({ open }) => {
  it('says of every property of the engine that it is there', async () => {
    const db = await open(0);
    try {
      const rows = await db.json<{ property: string; state: string }[]>('doctor', 'engine');
      expect(rows.map(({ property, state }) => `${property}: ${state}`)).toEqual([
        'version: ok',
        'advisory locks: ok',
        'transaction ids: ok',
        'snapshots: ok',
        'system identifier: ok',
        'BRIN: ok',
      ]);
    } finally {
      await db.close();
    }
  });
});

describe.each(servers)('a server that only looks like PostgreSQL', ({ open }) => {
  let db: TestDatabase;
  let proxy: Server;
  /** What the proxy replaces in the statements that pass, by as many bytes. */
  let fakes: [string, string][] = [];

  beforeAll(async () => {
    db = await open(0);
    const socket = new URL((db.env['DATABASE_URL'] ?? '').replace('@/', '@localhost/')).searchParams;
    proxy = createServer((client) => {
      const server = connect(`${socket.get('host')}/.s.PGSQL.${socket.get('port') ?? 5432}`);
      client.on('data', (chunk) => {
        let text = chunk.toString('latin1');
        for (const [from, to] of fakes) text = text.replaceAll(from, to.padEnd(from.length));
        server.write(Buffer.from(text, 'latin1'));
      });
      server.pipe(client);
      for (const line of [client, server])
        line.on('error', () => {}).on('close', () => [client, server].map((one) => one.destroy()));
    });
    await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
  });
  afterAll(async () => {
    proxy.close();
    await db.close();
  });

  const through = (...argv: string[]) => {
    const { port } = proxy.address() as { port: number };
    const name = new URL((db.env['DATABASE_URL'] ?? '').replace('@/', '@localhost/')).pathname;
    return cli(argv, { env: { DATABASE_URL: `postgres://postgres@127.0.0.1:${port}${name}` } });
  };
  const without = async (property: string, lie: [string, string]) => {
    fakes = [lie];
    const { code, stdout } = await through('doctor', 'engine', '--json');
    const failed = (JSON.parse(stdout) as { property: string; state: string }[]).filter(
      ({ state }) => state === 'fail',
    );
    expect({ code, failed: failed.map((row) => row.property) }).toEqual({ code: 6, failed: [property] });
  };

  it('is refused by a rollout if its advisory locks do not lock, and nothing is rolled out', async () => {
    fakes = [['pg_try_advisory_lock($1::bigint)', '($1::bigint IS NOT NULL)']];
    const refused = await through('migrate', 'up', '--json');
    expect(refused.code).toBe(78);
    expect(JSON.parse(refused.stderr.trim().split('\n').at(-1) ?? '')).toMatchObject({
      error: { code: 'ENGINE_UNSAFE', message: 'The advisory locks of this server do not lock.' },
    });
    expect((await db.query(`SELECT to_regclass('pinnacle_migrations') AS found`)).rows).toEqual([
      { found: null },
    ]);
    fakes = [];
    expect((await through('migrate', 'up', '--to', '1')).code).toBe(0);
  });

  it('is refused by a rollout if it is older than 14', async () => {
    fakes = [["current_setting('server_version_num')::integer", '130022']];
    const { code, stderr } = await through('migrate', 'up');
    expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringContaining('PostgreSQL 14 or later') });
  });

  it('is named by doctor engine, property by property', async () => {
    await without('advisory locks', ['pg_try_advisory_xact_lock($1::bigint)', '($1::bigint IS NOT NULL)']);
    await without('transaction ids', ['pg_xact_status($1::xid8)', "left($1 || 'x',0)"]);
    await without('snapshots', ['pg_export_snapshot()', 'no_snapshot()']);
    await without('system identifier', ['FROM pg_control_system()', 'FROM no_control()']);
    await without('BRIN', ["amname = 'brin'", "amname = 'no'"]);
    await without('version', ["current_setting('server_version_num')::integer", '130022']);
  });
});
