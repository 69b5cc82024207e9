import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { ENUM_COLUMNS, type EnumColumn, prepareForServices } from './enum-columns.ts';

/** How services bind a value for an enum column: with the name of the type, or as the text that the column once had. */
const BINDINGS = [
  { how: 'enum', flags: [], typeOf: (type: string) => type },
  { how: 'varchar', flags: ['--text'], typeOf: (_type: string) => 'VARCHAR' },
  { how: 'text', flags: ['--text'], typeOf: (_type: string) => 'TEXT' },
] as const;
/** How the table orders may be stored. */
const LAYOUTS = ['plain', 'partitioned'] as const;
const CASES = BINDINGS.flatMap((binding) => LAYOUTS.map((layout) => ({ ...binding, layout })));

describe.each(servers.flatMap(({ open }) => CASES.map((one) => ({ open, ...one }))))(
  'statements of services that bind $how, with $layout orders',
  ({ open, how, flags, typeOf, layout }) => {
    let db: TestDatabase;
    beforeAll(async () => {
      db = await open(4);
      await prepareForServices(db);
      if (layout === 'partitioned') await db.json('partition', 'enable', 'orders', '--yes');
      await db.json('schema', 'compat', ...flags);
    });
    afterAll(() => db?.close());

    const valuesOf = ({ table, column, others, key }: EnumColumn, n: number, label: string, type: string) => {
      const id = key === 'user_id' ? `u${n}` : `${table}${column}${n}`;
      const cells = { [key]: ['VARCHAR', id] as const, ...others, [column]: [type, label] as const };
      return Object.entries(cells).map(([name, [type, value]]) => ({
        name,
        // Whoever binds text binds it for every column of an enum type.
        type: /^[a-z]/.test(type) ? typeOf(type) : type,
        value: String(value).replace('{n}', String(n)),
      }));
    };

    const insert = async (one: EnumColumn, n: number, label: string) => {
      const cells = valuesOf(one, n, label, typeOf(one.type));
      await db.query(
        `INSERT INTO ${one.table} (${cells.map(({ name }) => name).join(', ')})
         VALUES (${cells.map(({ type }, i) => `$${i + 1}::${type}`).join(', ')})`,
        cells.map(({ value }) => value),
      );
      return String(cells[0]?.value);
    };

    it.each(ENUM_COLUMNS)('$column of $table', async (one) => {
      const { table, column, key, labels } = one;
      const [first, second] = labels;
      const type = typeOf(one.type);
      await db.query(`DELETE FROM ${table}`);
      const a = await insert(one, 1, first);
      const b = await insert(one, 2, second);
      const at = `${table}.${column}`;
      const found = async (where: string, ...values: unknown[]) => {
        const { rows } = await db.query(
          `SELECT ${key} AS id FROM ${table} WHERE ${where} ORDER BY ${key}`,
          values,
        );
        return rows.map(({ id }) => id);
      };
      const labelsBy = async (order: string) =>
        (await db.query(`SELECT ${at} AS label FROM ${table} ORDER BY ${order}`)).rows.map(
          ({ label }) => label,
        );

      expect(
        (await db.query(`SELECT ${at} AS label FROM ${table} WHERE ${key} = $1::VARCHAR`, [a])).rows,
      ).toEqual([{ label: first }]);
      expect(await found(`${at} = $1::${type}`, first)).toEqual([a]);
      expect(await found(`$1::${type} = ${at}`, first)).toEqual([a]);
      expect(await found(`${at} != $1::${type}`, first)).toEqual([b]);
      expect(await found(`${at} IN ($1::${type}, $2::${type})`, first, second)).toEqual([a, b]);
      expect(await found(`(${at} NOT IN ($1::${type}))`, second)).toEqual([a]);
      expect(await found(`${at} = ANY ($1::${type}[])`, [first, second])).toEqual([a, b]);
      expect(await found(`${at} <> ALL ($1::${type}[])`, [first])).toEqual([b]);
      expect(await found(`${at} IS DISTINCT FROM $1::${type}`, first)).toEqual([b]);
      // Values without a type, as psycopg2 writes them.
      expect(
        await found(`${at} = '${second}' AND ${at} <> '${first}' AND ${at} IN ('${second}', '${first}')`),
      ).toEqual([b]);
      expect(await found(`${at} = $1`, first)).toEqual([a]);
      expect(await labelsBy(at)).toEqual([first, second]);
      expect(await labelsBy(`${at} DESC`)).toEqual([second, first]);

      await db.query(`UPDATE ${table} SET ${column}=$1::${type} WHERE ${table}.${key} = $2::VARCHAR`, [
        second,
        a,
      ]);
      expect(await found(`${at} = $1::${type}`, second)).toEqual([a, b]);
      const bulk = `UPDATE ${table} SET ${column}=$1::${type} WHERE ${at} = $2::${type} RETURNING ${column} AS label`;
      const { rows } = await db.query(bulk, [first, second]);
      expect(rows).toEqual([{ label: first }, { label: first }]);
      await db.query(
        `UPDATE ${table} SET ${column}=CASE WHEN (${key} = $1::VARCHAR) THEN $2::${type} WHEN (${key} = $3::VARCHAR) THEN $4::${type} END`,
        [a, second, b, second],
      );
      expect(await found(`${at} = $1::${type}`, second)).toEqual([a, b]);
      await expect(found(`${at} = $1::${type}`, 'NOTHING')).rejects.toThrow(/enum/);
      await expect(insert(one, 1, 'NOTHING')).rejects.toThrow(/enum/);
    });

    /** The plan of a statement whose only node that reads rows is that of a table, with or without the values. */
    const plan = async (sql: string, values: readonly string[], mode: string) => {
      const lines = (await db.query(
        `PREPARE one AS ${sql}; SET plan_cache_mode = ${mode}; SET enable_seqscan = off;
         EXPLAIN EXECUTE one ${values.length > 0 ? `(${values.map((value) => `'${value}'`).join(', ')})` : ''}`,
      )) as unknown as { rows: Record<string, string>[] }[];
      await db.query('DEALLOCATE one; RESET plan_cache_mode; RESET enable_seqscan');
      return (lines.at(-1)?.rows ?? []).map((row) => row['QUERY PLAN']).join('\n');
    };

    /** The enum columns that an index of the table begins with, or has behind the user. */
    const indexed = async () => {
      const { rows } = await db.query(`
        SELECT c.relname || '.' || a.attname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0] JOIN pg_type t ON t.oid = a.atttypid
        WHERE t.typtype = 'e' AND i.indpred IS NULL AND NOT c.relispartition`);
      return rows.map(({ name }) => String(name));
    };

    it.each(['force_generic_plan', 'force_custom_plan'])('reads by the indexes with %s', async (mode) => {
      const names = await indexed();
      expect(names).toEqual(
        expect.arrayContaining([
          'orders.status',
          'positions.status',
          'trading_sessions.status',
          'user_strategies.status',
        ]),
      );
      for (const one of ENUM_COLUMNS.filter(({ table, column }) => names.includes(`${table}.${column}`))) {
        const { table, column, labels } = one;
        const type = typeOf(one.type);
        const where = (condition: string) => `SELECT * FROM ${table} WHERE ${table}.${column} ${condition}`;
        // The values of a custom plan may let it take a partial index, which has no condition left.
        const byIndex =
          mode === 'force_generic_plan' ? /Index Cond: \(+(orders\w*\.)?(status|side)/ : /Index (Only )?Scan/;
        for (const condition of [`= $1::${type}`, '= $1']) {
          const found = await plan(where(condition), [labels[0]], mode);
          expect(found, condition).toMatch(byIndex);
          expect(found).not.toMatch(/Seq Scan/);
        }
        const several = await plan(where(`IN ($1::${type}, $2::${type})`), labels, mode);
        expect(several).toMatch(byIndex);
        expect(several).not.toMatch(/Seq Scan/);
      }
    });

    it('reads by the partial indexes, too, as our own statements do', async () => {
      const newest = (condition: string) =>
        `SELECT * FROM positions WHERE status ${condition} ORDER BY opened_at DESC, position_id DESC LIMIT 5`;
      const type = typeOf('positionstatus');
      const open = (text: string) =>
        plan(newest(text), text.includes('$1') ? ['OPEN'] : [], 'force_custom_plan');
      for (const condition of ["= 'OPEN'", `= 'OPEN'::${type}`, '= $1', `= $1::${type}`])
        expect(await open(condition), condition).toContain('idx_positions_open_newest');
      await db.query('DELETE FROM positions');
      await db.json('schema', 'strict');
      const { rows } = await db.query(
        `EXPLAIN INSERT INTO positions (position_id) VALUES ('x')
         ON CONFLICT (user_id, symbol, (coalesce(strategy_id, '')), (coalesce(product, ''))) WHERE status = 'OPEN' DO NOTHING`,
      );
      expect(JSON.stringify(rows)).toContain('positions_one_open');
    });

    it
      .skipIf(how === 'enum')
      .each([
        `status LIKE $1::${typeOf('')}`,
        `status < $1::${typeOf('')}`,
        `lower(status) = $1::${typeOf('')}`,
        `coalesce(status, $1::${typeOf('')}) = 'OPEN'`,
        `CASE WHEN true THEN $1::${typeOf('')} ELSE status END = 'OPEN'`,
      ])('refuses what docs/schema.md says it refuses: %s', async (condition) => {
      await expect(db.query(`SELECT FROM positions WHERE ${condition}`, ['OPEN'])).rejects.toThrow();
      await db.query(`SELECT FROM positions WHERE ${condition.replace(/\bstatus\b/g, 'status::text')}`, [
        'OPEN',
      ]);
    });

    it('= ANY takes an array of the type by an index, and filters by one of text', async () => {
      const any = (type: string) =>
        plan(`SELECT * FROM orders WHERE status = ANY ($1::${type}[])`, ['{PLACED}'], 'auto');
      expect(await any('orderstatus')).toMatch(/Index Cond: .*status/);
      if (how !== 'enum') expect(await any(typeOf('orderstatus'))).toMatch(/Filter: .*status/);
    });
  },
);
