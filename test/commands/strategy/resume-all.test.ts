import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

describe.each(databases)('what a halt paused, on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    for (const strategy of ['s', 't']) await given.strategy(db, strategy);
    for (const user of ['u1', 'u2', 'u3']) {
      await given.user(db, user);
      for (const strategy of ['s', 't']) await run(`strategy activate ${strategy} --user ${user}`);
    }
  });
  afterAll(() => db.close());

  const run = (line: string) => db.json<Row>(...words(line));
  const halt = async (line: string) => String((await run(`risk halt ${line} --yes`))['halt_id']);
  const lift = (whom: string) =>
    run(`risk resume ${whom === 'all' ? '--all' : whom} --reason ok --confirm ${whom}`);
  const active = async () =>
    (
      await db.query(
        "SELECT user_id || ' ' || strategy_id AS id FROM user_strategies WHERE status = 'ACTIVE' ORDER BY 1",
      )
    ).rows.map(({ id }) => id);

  it('is resumed once the halt is lifted, but for what was changed by hand before or since', async () => {
    await run('strategy pause t --user u1');
    const id = await halt('--all --reason outage');
    await db.refused(`strategy resume --all --halt ${id}`, { code: 5, error: 'TRADING_HALTED' });
    const { stderr } = await db.cli(...words('risk resume --all --reason ok --confirm all'));
    expect(stderr).toContain(`pinnacle strategy resume --all --halt ${id}`);
    await run('strategy resume s --user u2');
    await run('strategy pause s --user u2');
    await run('strategy stop t --user u2');
    const {
      code,
      stdout,
      stderr: said,
    } = await db.cli(
      ...words(`strategy resume --all --halt ${id} --json user_id,strategy_id,status,problem`),
    );
    expect({ code, rows: JSON.parse(stdout) }).toEqual({
      code: 0,
      rows: [
        { user_id: 'u1', strategy_id: 's', status: 'ACTIVE', problem: null },
        { user_id: 'u3', strategy_id: 's', status: 'ACTIVE', problem: null },
        { user_id: 'u3', strategy_id: 't', status: 'ACTIVE', problem: null },
      ],
    });
    expect(said).toContain('2 strategies that it paused were changed since');
    expect(await active()).toEqual(['u1 s', 'u3 s', 'u3 t']);
    expect((await db.audits('strategy resume')).slice(-3)).toMatchObject([
      { target: 'user u1', body: { halt_id: id, strategies: ['s'] } },
      { target: 'user u3', body: { halt_id: id, strategies: ['s', 't'] } },
      { target: 'strategies', body: { halt_id: id, resumed: 3, left: 0 } },
    ]);
    const before = await db.audits();
    expect(await run(`strategy resume --all --halt ${id}`)).toEqual([]);
    expect(await db.audits()).toEqual(before);
  });

  it('of an earlier halt is not what a later one paused', async () => {
    const [first] = (await db.query("SELECT halt_id FROM trading_halts WHERE reason = 'outage'")).rows;
    const own = await halt('u3 --reason own');
    await lift('u3');
    expect(await run(`strategy resume --all --halt ${first?.['halt_id']}`)).toEqual([]);
    expect(await active()).toEqual(['u1 s']);
    expect(await run(`strategy resume --all --halt own --user u1`)).toEqual([]);
    expect(await run('strategy resume --all --halt own --user u3')).toMatchObject([
      { strategy_id: 's', status: 'ACTIVE' },
      { strategy_id: 't', status: 'ACTIVE' },
    ]);
    expect(await run(`strategy resume --all --halt ${own}`)).toEqual([]);
  });

  it('stays paused where something else keeps it, which is named and ends 6', async () => {
    const id = await halt('--all --reason again');
    const own = await halt('u1 --reason mine');
    await lift('all');
    await run('strategy disable t');
    const { code, stdout } = await db.cli(
      ...words(`strategy resume --all --halt ${id} --json user_id,strategy_id,status,problem`),
    );
    expect({ code, rows: JSON.parse(stdout) }).toEqual({
      code: 6,
      rows: [
        { user_id: 'u1', strategy_id: 's', status: 'PAUSED', problem: 'trading is halted: mine' },
        { user_id: 'u3', strategy_id: 's', status: 'ACTIVE', problem: null },
        { user_id: 'u3', strategy_id: 't', status: 'PAUSED', problem: 'the strategy is not available' },
      ],
    });
    await lift('u1');
    await run('strategy enable t');
    expect(own).not.toBe(id);
    expect(await run(`strategy resume --all --halt ${id}`)).toMatchObject([
      { user_id: 'u1', strategy_id: 's' },
      { user_id: 'u3', strategy_id: 't' },
    ]);
  });

  it('is not guessed: a halt must be named, and be there', async () => {
    const hint = /Lifted last: hlt_\w+ of u1 since .* \(mine\)/;
    await db.refused('strategy resume --all', { code: 2, stderr: hint });
    await db.refused('strategy resume --all --halt nothing', {
      code: 3,
      error: 'HALT_NOT_FOUND',
      stderr: hint,
    });
    await db.refused('strategy resume s --user u1 --halt again', { code: 2 });
    await db.refused('strategy resume s --all --halt again', { code: 2 });
    const id = await halt('u2 --reason again');
    await lift('u2');
    await db.refused('strategy resume --all --halt again', { code: 2, stderr: id });
  });
});
