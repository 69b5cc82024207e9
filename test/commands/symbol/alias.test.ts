import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

describe.each(databases)('aliases of symbols on $name', ({ open }) => {
  let db: TestDatabase;
  const run = (line: string) => db.json(...words(line));
  const list = () => db.json<Record<string, unknown>[]>('symbol', 'list');

  beforeAll(async () => {
    db = await open();
    await given.user(db);
  });
  afterAll(() => db.close());

  it('are kept, listed, and taken away again, each with its audit entry', async () => {
    await given.order(db, { symbol: 'LTI' });
    const ended = await db.cli(...words('symbol alias lti LTIM --from 2022-12-05 --json'));
    const alias = {
      old_symbol: 'LTI',
      new_symbol: 'LTIM',
      from_date: '2022-12-05',
      in_force: true,
      users: 1,
    };
    expect(JSON.parse(ended.stdout)).toEqual(alias);
    expect(ended.stderr).toContain(
      '1 user has orders in LTI. Now run: pinnacle position merge-symbol LTI --all',
    );
    expect(await run('symbol alias LTI LTIM --from 2022-12-05')).toEqual(alias);
    expect(await db.audits('symbol %')).toHaveLength(1);
    expect(await run('symbol alias M&M MAHINDRA')).toMatchObject({
      from_date: null,
      in_force: true,
      users: 0,
    });
    expect(await run('symbol alias M&M MAHINDRA --from 2999-01-01')).toMatchObject({ in_force: false });
    expect((await list()).map(({ old_symbol, in_force }) => [old_symbol, in_force])).toEqual([
      ['LTI', true],
      ['M&M', false],
    ]);
    expect(await run('symbol unalias M&M')).toMatchObject({
      new_symbol: 'MAHINDRA',
      from_date: '2999-01-01',
    });
    await db.refused('symbol unalias M&M', { code: 3, error: 'SYMBOL_ALIAS_NOT_FOUND' });
    expect((await db.audits('symbol %')).map(({ command, target }) => [command, target])).toEqual([
      ['symbol alias', 'symbol LTI'],
      ['symbol alias', 'symbol M&M'],
      ['symbol alias', 'symbol M&M'],
      ['symbol unalias', 'symbol M&M'],
    ]);
  });

  it('are refused where they contradict each other, lead back, or say nothing', async () => {
    await run('symbol alias A B');
    await run('symbol alias B C');
    await db.refused('symbol alias A D', {
      code: 5,
      error: 'ALIAS_CONFLICT',
      stderr: /A is the old name of B already/,
    });
    await db.refused('symbol alias C A', {
      code: 5,
      error: 'ALIAS_CONFLICT',
      stderr: /A is called B is called C/,
    });
    await db.refused('symbol alias A A', { code: 2 });
    await db.refused('symbol alias E F --from 2026-02-30', { code: 2, stderr: /must be a day/ });
    await db.refused(['symbol', 'alias', 'E', '<x>'], { code: 2 });
    const dry = await db.cli(...words('symbol alias E F --dry-run'));
    expect(dry.code).toBe(0);
    expect((await list()).map(({ old_symbol }) => old_symbol)).toEqual(['A', 'B', 'LTI']);
  });
});
