import { afterEach, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';

let db: TestDatabase;
afterEach(() => db?.close());

describe.each(servers)('migrate on a terminal with a $name', ({ open }) => {
  it('leaves a line for each phase, and a table', async () => {
    db = await open(2);
    const { code, stdout, stderr } = await db.cliWith({ tty: true, env: { NO_COLOR: '1' } }, 'migrate', 'up');
    expect(code).toBe(0);
    expect(stderr).toMatch(/phase 3 notifications_sessions applied in \d+ ms\n/);
    expect(stderr).toMatch(
      /phase 4 risk_advanced applied in \d+ ms\n[\s\S]*phase 4 step \d+ \w+ applied in \d+ ms\nOther services .*\n$/,
    );
    expect(stdout.split('\n')[0]).toMatch(/^phase +name +state +applied_at +applied_by +duration_ms/);
    expect(stdout).toMatch(/ 4 +risk_advanced +applied +just now +postgres /);
  });

  it('shows a plan that reads as SQL', async () => {
    db = await open(3);
    const { stdout } = await db.cliWith({ tty: true, env: { NO_COLOR: '1' } }, 'migrate', 'plan');
    expect(stdout).toContain('CREATE TABLE risk_rules (');
    expect(stdout).toContain('  rule_type         rule_type NOT NULL,');
  });
});
