import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

interface Rule {
  user_id: string;
  rule_type: string;
  rule_value: number;
}

const STANDARD = {
  MAX_DRAWDOWN: 5,
  MAX_ORDERS_PER_DAY: 100,
  MAX_POSITION_SIZE: 200_000,
  MAX_DAILY_LOSS: 20_000,
  MIN_CAPITAL_THRESHOLD: 700_000,
};

describe.each(databases)('templates of risk rules on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    for (const user of ['u1', 'u2', 'u3']) await given.user(db, user);
    await db.json(...words('risk set u2 MAX_DRAWDOWN 9'));
  });
  afterAll(() => db.close());

  const set = (line: string) => db.cli(...words(`risk set ${line} --json user_id,rule_type,rule_value`));
  const rulesOf = async (user: string) =>
    Object.fromEntries(
      (await db.json<Rule[]>('risk', 'list', user)).map(({ rule_type, rule_value }) => [
        rule_type,
        rule_value,
      ]),
    );

  it('need no configuration, and go by the capital of the account', async () => {
    const { code, stdout } = await set('u1 --template standard');
    expect({
      code,
      rules: Object.fromEntries(
        (JSON.parse(stdout) as Rule[]).map((rule) => [rule.rule_type, rule.rule_value]),
      ),
    }).toEqual({
      code: 0,
      rules: STANDARD,
    });
    await db.json(...words('user add --user-id poor --name P --email p@example.com --capital 0'));
    await db.refused('risk set poor --template standard', {
      code: 5,
      error: 'NO_TEMPLATE',
      stderr: 'MAX_POSITION_SIZE',
    });
    await db.refused('risk set u1 --template', {
      code: 5,
      error: 'NO_TEMPLATE',
      stderr: '--template standard',
    });
    await db.refused('risk set u1 --template high', { code: 5, error: 'NO_TEMPLATE' });
    await db.refused('risk set u1 --template=none', {
      code: 2,
      stderr: 'conservative, standard, aggressive',
    });
    for (const line of ['u1 --template standard --all', '--all', 'u1 --template standard --replace'])
      await db.refused(`risk set ${line}`, { code: 2 });
  });

  it('are set for everyone without rules; who has any is named and keeps them', async () => {
    const planned = await set('--template standard --all --dry-run');
    expect(planned.stderr).toContain('nothing was changed');
    expect(await rulesOf('u3')).toEqual({});
    const { code, stdout, stderr } = await set('--template standard --all');
    expect({
      code,
      users: [...new Set((JSON.parse(stdout) as Rule[]).map(({ user_id }) => user_id))],
    }).toEqual({
      code: 6,
      users: ['u3'],
    });
    expect(planned.stdout).toBe(stdout);
    expect(stderr).toContain('2 users keep the rules that are there');
    expect(stderr).toContain('u1, u2');
    expect(stderr).toMatch(/No rules for poor: MAX_POSITION_SIZE would be 0/);
    expect(await rulesOf('u3')).toEqual(STANDARD);
    expect(await rulesOf('u2')).toEqual({ MAX_DRAWDOWN: 9 });
    expect((await db.audits('risk set')).slice(-2)).toMatchObject([
      { target: 'user u3', body: { template: 'standard', before: {}, after: STANDARD } },
      { target: 'risk rules', body: { users: 1, kept: 2, without: 1 } },
    ]);
  });

  it('replace those that are there where that is asked for, once', async () => {
    await db.json(...words('user disable poor'));
    const { code } = await set('--template conservative --all --replace');
    expect(code).toBe(0);
    expect(await rulesOf('u2')).toMatchObject({ MAX_DRAWDOWN: 3, MAX_DAILY_LOSS: 10_000 });
    const before = await db.audits();
    const again = await set('--template conservative --all --replace');
    expect({ code: again.code, rules: JSON.parse(again.stdout).length }).toEqual({ code: 0, rules: 15 });
    expect(await db.audits()).toEqual(before);
    const kept = await set('--template standard --all');
    expect({ code: kept.code, rules: JSON.parse(kept.stdout) }).toEqual({ code: 0, rules: [] });
  });

  it('may be asked for before the user, as a flag alone or with its name', async () => {
    await db.refused('risk set --template u1', { code: 5, error: 'NO_TEMPLATE' });
    expect((await set('--template aggressive u1')).code).toBe(0);
    expect(await rulesOf('u1')).toMatchObject({ MAX_DRAWDOWN: 10 });
  });
});
