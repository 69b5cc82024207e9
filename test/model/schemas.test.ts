import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import { words } from '../helpers/words.ts';
import { ACTIONS, nameHolding, SET_UP } from './check.ts';
import { type Action, newModel, play } from './model.ts';

const runs = Math.ceil(Number(process.env['PINNACLE_MODEL_RUNS'] ?? 4) / 10);
const seed = process.env['PINNACLE_MODEL_SEED'];

/** A schema of a database, from which an outsider reads. */
async function openDesk(db: TestDatabase, schema: string) {
  const client = new pg.Client(db.env['DATABASE_URL']);
  await client.connect();
  await client.query(`SET search_path TO ${schema}`);
  const query: TestDatabase['query'] = (sql, parameters) => client.query(sql, parameters);
  const run = (line: string) => db.cliWith({ env: { PINNACLE_SCHEMA: schema } }, ...words(line));
  return { query, run, close: () => client.end() };
}

type Desk = Awaited<ReturnType<typeof openDesk>>;

/** Plays the actions one after the other, and gives what the program answered, and all rows of the schema. */
async function playAt({ query, run }: Desk, actions: readonly Action[]): Promise<string[]> {
  for (const line of SET_UP.trim().split('\n')) expect(await run(line)).toMatchObject({ code: 0 });
  const model = newModel();
  const answers: string[] = [];
  const lines = actions
    .flatMap((action) => play(model, action)?.lines ?? [])
    .flatMap((line) => line.split('\n'));
  for (const line of lines) {
    const { code, stdout } = await run(await nameHolding(line, { query }));
    answers.push(`${line}: ${code}\n${stdout}`);
  }
  for (const line of ['doctor ledger', 'audit verify']) expect(await run(line)).toMatchObject({ code: 0 });
  const all = withoutMade([...answers, ...(await rowsOf(query))]);
  return [...all.slice(0, answers.length), ...all.slice(answers.length).sort()];
}

/** Not about what was done: the rollout, and the seals, which any open transaction of the server delays. */
const PASSED_OVER = ['pinnacle_migrations', 'audit_seals'];

async function rowsOf(query: TestDatabase['query']): Promise<string[]> {
  const { rows: tables } = await query(
    `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
     AND relname <> ALL($1)`,
    [PASSED_OVER],
  );
  const rows: string[] = [];
  for (const { relname } of tables) {
    const { rows: found } = await query(
      `SELECT '${relname} ' || (to_jsonb(t) - '{id,seq,txid}'::text[])::text AS row FROM ${relname} t`,
    );
    rows.push(...found.map(({ row }) => String(row)).filter((row) => !row.includes('"migrate up"')));
  }
  return rows;
}

/** Without times, how long it took and secrets, and with a number for each id that the program made. */
function withoutMade(texts: readonly string[]): string[] {
  const ids = /[a-z]{3}_[0-9A-Z]{26}/g;
  const made = [...new Set(texts.join().match(ids))].sort();
  return texts.map((text) =>
    text
      .replace(ids, (id) => `${id.slice(0, 4)}${made.indexOf(id)}`)
      .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g, 'time')
      .replace(/(duration_ms\W+)\d+/g, '$1some')
      .replace(/\w{32,}/g, 'secret'),
  );
}

describe.each(servers)('two schemas of one database on $name', ({ open }) => {
  let shared: TestDatabase;
  let desks = 0;
  beforeAll(async () => {
    shared = await open(0);
  });
  afterAll(() => shared.close());

  const alone = async (actions: readonly Action[]) => {
    const db = await open();
    const desk = await openDesk(db, 'public');
    try {
      return await playAt(desk, actions);
    } finally {
      await desk.close();
      await db.close();
    }
  };
  const openSchema = async () => {
    const desk = await openDesk(shared, `desk_${++desks}`);
    expect(await desk.run('migrate up --strict')).toMatchObject({ code: 0 });
    return desk;
  };

  it(`under random commands at once equal two databases, ${runs} times`, async () => {
    await fc.assert(
      fc.asyncProperty(ACTIONS, ACTIONS, async (first, second) => {
        const apart = [await alone(first), await alone(second)];
        const [one, other] = [await openSchema(), await openSchema()];
        const together = await Promise.all([playAt(one, first), playAt(other, second)]);
        await Promise.all([one.close(), other.close()]);
        expect(together).toEqual(apart);
      }),
      { numRuns: runs, endOnFailure: true, ...(seed === undefined ? {} : { seed: Number(seed) }) },
    );
  });
});
