import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { backToStep } from '../../helpers/steps.ts';
import { prepareForServices } from './enum-columns.ts';

const TYPES = {
  ...{ order_side: 'orderside', order_type: 'ordertype', order_status: 'orderstatus' },
  ...{ strategy_status: 'strategystatus', position_side: 'positionside', position_status: 'positionstatus' },
  ...{ notification_type: 'notificationtype', alert_level: 'alertlevel', session_status: 'sessionstatus' },
  rule_type: 'ruletype',
};

let db: TestDatabase;
const folder = mkdtempSync(join(tmpdir(), 'pinnacle-compat-'));
afterEach(() => db?.close());
afterAll(() => rmSync(folder, { recursive: true }));

const names = async () => {
  const rows = await db.json<{ type: string; name: string; text: boolean }[]>(
    'schema',
    'compat',
    '--dry-run',
  );
  return Object.fromEntries(rows.map(({ type, name }) => [type, name]));
};

/** The types, functions, operators and casts of the schema, whoever made them, without what the server makes by itself. */
async function made(): Promise<string[]> {
  const { rows } = await db.query(`
    SELECT concat_ws(' ', typtype, typname, pg_get_userbyid(typowner)) AS one FROM pg_type
    WHERE typnamespace = current_schema()::regnamespace AND typtype IN ('e', 'd')
    UNION ALL SELECT proname || pg_get_function_identity_arguments(oid) FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace
    UNION ALL SELECT concat_ws(' ', oprleft::regtype, oprname, oprright::regtype) FROM pg_operator WHERE oid >= 16384
    UNION ALL SELECT concat_ws(' ', 'cast', castsource::regtype, casttarget::regtype) FROM pg_cast WHERE oid >= 16384
    ORDER BY 1`);
  return rows.map(({ one }) => String(one));
}

const drift = async () => (await db.cli('migrate', 'drift', '--json')).stdout.trim();

it('no statement of ours compares with a cast to one of our types, which is a domain then', () => {
  const compared = new RegExp(
    `(?:[=<>]|\\bIN \\(|\\bANY ?\\()\\s*(?:\\$\\{[^}]*\\}|'\\w+'|[\\w.]+)::(?:${Object.keys(TYPES).join('|')})\\b`,
  );
  const lines = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) => readFileSync(join('src', path), 'utf8').split('\n'));
  expect('o.side = n.side::order_side').toMatch(compared);
  expect(lines.filter((line) => compared.test(line) && !/^\s*SET /.test(line))).toEqual([]);
});

describe.each(databases)('schema compat on the $name database', ({ open }) => {
  it('gives the types the names that an ORM expects, once, and takes them back', async () => {
    db = await open(4);
    const before = await made();
    // A type that comes later has its place in TYPE_NAMES.
    const { rows: enums } = await db.query("SELECT typname FROM pg_type WHERE typtype = 'e' ORDER BY 1");
    expect(enums.map(({ typname }) => typname)).toEqual(Object.keys(TYPES).sort());
    expect(await db.json('schema', 'compat')).toEqual(
      Object.entries(TYPES).map(([type, name]) => ({ type, name, text: false })),
    );
    const during = await made();
    await db.query("SELECT 'BUY'::orderside, 'BUY'::order_side, 'MAX_DRAWDOWN'::ruletype");
    expect(await db.json('schema', 'show')).toContainEqual(
      expect.objectContaining({ rule: 'type-names', state: 'renamed' }),
    );
    const again = await db.cli('schema', 'compat');
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('Nothing to do') });
    expect(await made()).toEqual(during);
    await db.json('schema', 'compat', '--off');
    expect(await made()).toEqual(before);
    expect((await db.query("SELECT FROM pinnacle_settings WHERE name LIKE 'schema\\_compat%'")).rows).toEqual(
      [],
    );
    const audits = await db.audits('schema compat');
    expect(audits.map(({ body }) => (body['after'] as Record<string, string>)['order_side'])).toEqual([
      'orderside',
      'order_side',
    ]);
  });

  it('takes text too, and what was chosen stays until it is taken back', async () => {
    db = await open(4);
    const before = await made();
    await db.json('schema', 'compat', '--name', 'order_side=my_side,rule_type=RuleKind');
    await db.json('schema', 'compat', '--text');
    expect(await names()).toEqual({ ...TYPES, order_side: 'my_side', rule_type: 'RuleKind' });
    await db.query(
      `SELECT 'BUY'::my_side = 'BUY'::varchar, 'MAX_DRAWDOWN'::"RuleKind" <> 'MAX_DRAWDOWN'::text`,
    );
    const during = await made();
    await db.json('schema', 'compat');
    expect(await made()).toEqual(during);
    await db.json('schema', 'compat', '--name', 'order_side=order_side');
    expect(await names()).toEqual({ ...TYPES, order_side: 'order_side', rule_type: 'RuleKind' });
    expect(await drift()).toBe('[]');
    await db.json('schema', 'compat', '--off');
    expect(await made()).toEqual(before);
  });

  it('changes nothing in a dry run', async () => {
    db = await open(4);
    const before = await made();
    expect(await names()).toEqual(TYPES);
    expect(await made()).toEqual(before);
    expect(await db.audits('schema compat')).toEqual([]);
  });

  it.each([
    ['schema compat --name order_side', /order_side=my_side/],
    ['schema compat --name order_side=my-side', /order_side=my_side/],
    ['schema compat --name nothing=my_side', /order_side=my_side/],
    ['schema compat --name order_side=a,order_side=b', /named twice/],
    ['schema compat --name order_side=same,order_type=same', /two types/],
    ['schema compat --name order_side=order_type', /two types/],
    ['schema compat --off --text', /--off takes every name back/],
  ])('%s is a mistake', async (line, stderr) => {
    db = await open(4);
    await db.refused(line, { code: 2, stderr });
  });

  it('refuses a name that a type, a table or a domain of somebody has, and changes nothing', async () => {
    db = await open(4);
    await db.query("CREATE TYPE orderside AS ENUM ('BUY')");
    await db.query('CREATE TABLE ruletype (x int)');
    const before = await made();
    await db.refused('schema compat', {
      ...{ code: 5, error: 'NAME_TAKEN' },
      stderr: /an enum type named orderside, the row type of a table or a view named ruletype/,
    });
    expect(await made()).toEqual(before);
    await db.json('schema', 'compat', '--name', 'order_side=side_of_order,rule_type=kind_of_rule');
    expect(await drift()).toBe('[]');
  });

  it('takes no name back that a table of somebody depends on', async () => {
    db = await open(4);
    await db.json('schema', 'compat', '--text');
    await db.query('CREATE TABLE theirs (side order_side)');
    const before = await made();
    await db.refused('schema compat --off', { code: 5, error: 'TYPES_IN_USE', stderr: /order_side/ });
    expect(await made()).toEqual(before);
    await db.query('DROP TABLE theirs');
    await db.json('schema', 'compat', '--off');
  });

  it('needs the step with the settings', async () => {
    db = await open(3);
    await db.refused('schema compat', { code: 5, error: 'PHASE_NEEDED' });
  });

  it('shows what somebody changed of it as drift, and puts it right', async () => {
    db = await open(4);
    await db.json('schema', 'compat', '--text');
    expect(await drift()).toBe('[]');
    await db.query('DROP CAST (varchar AS orderside)');
    await db.query('DROP DOMAIN rule_type');
    await db.query('DROP OPERATOR <> (alertlevel, text)');
    const found = JSON.parse(await drift()) as { kind: string; object: string; actual: string | null }[];
    expect(found.map(({ kind, object, actual }) => [kind, object, actual])).toEqual([
      ['cast', 'character varying AS orderside', null],
      ['domain', 'rule_type', null],
      ['operator', 'alertlevel <> text', null],
    ]);
    await db.query('CREATE DOMAIN rule_type AS ruletype');
    await db.json('schema', 'compat');
    expect(await drift()).toBe('[]');
  });

  it('changes of the mode are the same with the names', async () => {
    db = await open(4);
    const definitions = async () =>
      (
        await db.query(`SELECT pg_get_indexdef(indexrelid) AS one FROM pg_index WHERE indrelid::regclass::text IN ('positions', 'trading_sessions')
          UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'positions'::regclass ORDER BY 1`)
      ).rows;
    await db.json('schema', 'compat');
    await db.json('schema', 'strict');
    const strict = await definitions();
    await db.json('schema', 'shared');
    const shared = await definitions();
    expect(shared).not.toEqual(strict);
    await db.json('schema', 'compat', '--text');
    expect(await definitions()).toEqual(shared);
    for (const [mode, expected] of [
      ['strict', strict],
      ['shared', shared],
    ] as const) {
      await db.json('schema', mode);
      expect(await definitions()).toEqual(expected);
      expect(await drift()).toBe('[]');
    }
    await db.json('schema', 'compat', '--off');
  });

  it.each(['', ' --text'])('keeps the names over migrate down and up%s', async (text) => {
    db = await open(4);
    const database = String((await db.query('SELECT current_database() AS name')).rows[0]?.['name']);
    if (db.name === 'server') await db.json('schema', 'strict');
    await backToStep(db, 2);
    await db.query('DELETE FROM pinnacle_settings');
    await db.json(...`schema compat${text}`.split(' '));
    const during = await made();
    // The steps that came since are rolled out while the types have their own names.
    const up = await db.cli('migrate', 'up');
    expect({ code: up.code, said: up.code ? up.stderr : '' }).toEqual({ code: 0, said: '' });
    expect(await made()).toEqual(expect.arrayContaining(during));
    expect(await drift()).toBe('[]');
    // Their record goes with the table of settings, and so do the names.
    const down = await db.cli('migrate', 'down', '--confirm', database);
    expect(down.code).toBe(0);
    expect(down.stderr).toContain('pinnacle schema compat');
    expect((await made()).filter((one) => one.startsWith('d '))).toEqual([]);
    expect((await db.cli('migrate', 'up')).code).toBe(0);
    expect(await drift()).toBe('[]');
  });

  it.each(['', ' --text'])('a backup restores the names%s', async (text) => {
    db = await open(4);
    await given.user(db);
    await given.position(db, { price: 100 });
    await db.json(...`schema compat --name order_side=my_side${text}`.split(' '));
    const during = await made();
    const backup = join(folder, `${db.name}${text.length}.pinbackup`);
    await db.json('backup', 'create', '--output', backup);
    const verified = await db.cli('backup', 'verify', backup, '--deep', '--trust');
    expect({ code: verified.code, said: verified.code ? verified.stderr : '' }).toEqual({
      code: 0,
      said: '',
    });
    await db.close();
    db = await open(0);
    await db.json('backup', 'restore', backup, '--trust');
    expect(await made()).toEqual(during);
    expect(await drift()).toBe('[]');
    await given.position(db, { price: 101 });
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
  });

  it.each([
    ['schema_compat', 'yes'],
    ['schema_compat', '{"text":1}'],
    ['schema_compat_order_side', '"a\\"; DROP TABLE users; --"'],
    ['schema_compat_order_side', '"orders"'],
  ])('a backup whose setting %s is %s is restored without the names', async (name, value) => {
    db = await open(4);
    await db.query('INSERT INTO pinnacle_settings VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      'schema_compat',
      '{"text":true}',
    ]);
    await db.query(
      'INSERT INTO pinnacle_settings VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2',
      [name, value],
    );
    const before = await made();
    const backup = join(folder, `strange-${db.name}-${name}-${value.length}.pinbackup`);
    await db.json('backup', 'create', '--output', backup);
    await db.close();
    db = await open(0);
    const { code, stderr } = await db.cli('backup', 'restore', backup, '--trust');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining('left out: the names of the types.'),
    });
    expect(await made()).toEqual(before);
    if (value !== '"orders"') await db.refused('migrate drift', { code: 5, error: 'SETTING_UNREADABLE' });
    await db.json('schema', 'compat', '--off');
    expect(await drift()).toBe('[]');
  });
});

describe.each(servers)('schema compat on the $name database', ({ open }) => {
  it('the names belong to the owner of the tables, and access apply hands them over', async () => {
    db = await open(4);
    await db.json('schema', 'compat', '--text');
    await db.json('access', 'apply', '--yes');
    expect(await db.json('access', 'plan')).toEqual([]);
    const { rows } = await db.query(`
      SELECT DISTINCT pg_get_userbyid(owner) AS owner FROM (
        SELECT typowner AS owner FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')
        UNION SELECT oprowner FROM pg_operator WHERE oprnamespace = 'public'::regnamespace
        UNION SELECT proowner FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'pinnacle%') o`);
    expect(rows).toEqual([{ owner: 'pinnacle_owner' }]);
    // A member of the owner role, no superuser, changes them.
    const owner = `owner_${Math.trunc(performance.now())}`;
    await db.query(`CREATE ROLE ${owner} LOGIN; GRANT pinnacle_owner TO ${owner}`);
    const env = { DATABASE_URL: String(db.env['DATABASE_URL']).replace('//postgres@', `//${owner}@`) };
    for (const argv of [['--off'], ['--text'], ['--name', 'order_side=theirs']]) {
      const { code, stderr } = await db.cliWith({ env }, 'schema', 'compat', ...argv);
      expect({ argv, code, stderr: code ? stderr : '' }).toEqual({ argv, code: 0, stderr: '' });
    }
    expect(await db.json('access', 'plan')).toEqual([]);
    await db.query(`DROP ROLE ${owner}`);
  });

  it('renames within the configured schema, and leaves another one alone', async () => {
    db = await open(0);
    const env = { PINNACLE_SCHEMA: 'desk' };
    const run = async (...argv: string[]) => {
      const { code, stdout, stderr } = await db.cliWith({ env }, ...argv);
      expect({ argv, code, stderr: code ? stderr : '' }).toEqual({ argv, code: 0, stderr: '' });
      return stdout;
    };
    await db.query("CREATE TYPE orderside AS ENUM ('theirs')");
    await run('migrate', 'up');
    await run('schema', 'compat', '--text');
    await run('migrate', 'drift');
    const { rows } = await db.query(
      "SELECT 'BUY'::desk.orderside, 'BUY'::desk.order_side, 'theirs'::orderside",
    );
    expect(rows).toHaveLength(1);
    const backup = join(folder, 'desk.pinbackup');
    await run('backup', 'create', '--output', backup);
    await run('backup', 'restore', backup, '--trust', '--confirm', 'desk');
    await run('migrate', 'drift');
    await run('schema', 'compat', '--off');
    await run('migrate', 'drift');
  });

  it('fails no statement that services have prepared, while the names of other types change', async () => {
    db = await open(4);
    await prepareForServices(db);
    await db.json('schema', 'compat', '--text');
    const statements = [
      { text: 'SELECT count(*) FROM orders WHERE status = $1::orderstatus', values: () => ['PLACED'] },
      { text: 'SELECT count(*) FROM orders WHERE status IN ($1::VARCHAR)', values: () => ['PLACED'] },
      { text: 'SELECT count(*) FROM positions WHERE status = $1', values: () => ['OPEN'] },
      {
        text: `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price)
               VALUES ($1::VARCHAR, 'u1', 'ITC', $2::orderside, $3::VARCHAR, 1, 1)`,
        values: (id: string) => [id, 'BUY', 'LIMIT'],
      },
    ];
    let done = 0;
    let isOver = false;
    const service = async (name: string) => {
      const client = new pg.Client(String(db.env['DATABASE_URL']));
      await client.connect();
      for (let round = 0; !isOver; round++)
        for (const [i, { text, values }] of statements.entries()) {
          await client.query({ name: `s${i}`, text, values: values(`${name}${round}`) });
          done++;
        }
      await client.end();
    };
    const services = Promise.all(['a', 'b'].map(service));
    for (const name of ['rule_a', 'rule_b', 'rule_a', 'rule_b'])
      await db.json('schema', 'compat', '--name', `rule_type=${name}`);
    isOver = true;
    await services;
    expect(done).toBeGreaterThan(100);
  });

  it('waits for nobody who reads or writes the tables', async () => {
    db = await open(4);
    await given.user(db);
    await db.query('BEGIN');
    await db.query("UPDATE orders SET status = 'PLACED'");
    await db.query('LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    await db.json('schema', 'compat', '--text');
    await db.query('ROLLBACK');
  });
});
