import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { words } from '../../helpers/words.ts';

describe.each(databases)('user on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());

  it('adds a trader, shows the API key once and stores only its hash', async () => {
    const user = await db.json<Record<string, string>>(
      ...words(
        'user add --user-id trader_001 --name "Asha Rao" --email Asha@Example.com --capital 1000000 --risk-tolerance HIGH',
      ),
    );
    expect(user).toMatchObject({
      user_id: 'trader_001',
      email: 'asha@example.com',
      total_capital: '1000000.00',
      risk_tolerance: 'high',
      enabled: true,
      last_login: null,
    });
    expect(user['api_key']).toMatch(/^pin_live_[0-9A-Za-z]{36}$/);
    const { rows } = await db.query('SELECT api_key FROM users');
    expect(rows).toEqual([
      {
        api_key: createHash('sha256')
          .update(user['api_key'] ?? '')
          .digest('hex'),
      },
    ]);
    expect(await db.json('user', 'show', 'trader_001')).not.toHaveProperty('api_key');
    const audits = JSON.stringify(await db.audits());
    expect(audits).not.toContain(user['api_key']);
    expect(audits).not.toContain(rows[0]?.['api_key']);
  });

  it('makes up an id and takes the defaults of the table', async () => {
    expect(await db.json(...words('user add --name "Ravi Iyer" --email ravi@example.com'))).toMatchObject({
      user_id: expect.stringMatching(/^usr_[0-9A-Z]{26}$/),
      total_capital: '100000.00',
      risk_tolerance: 'medium',
    });
  });

  it.each([
    ['the same id', '--user-id trader_001 --name A --email new@example.com', 'trader_001'],
    ['the same e-mail address, whatever its case', '--name A --email ASHA@example.com', 'asha@example.com'],
  ])('refuses %s with exit 5 and writes nothing', async (_what, flags, message) => {
    const before = await db.json('user', 'list');
    await db.refused(`user add ${flags}`, { code: 5, stderr: message });
    expect(await db.json('user', 'list')).toEqual(before);
  });

  it('writes no key where a log would keep it, and tells that before it adds anybody', async () => {
    const add = words('user add --user-id unseen --name A --email unseen@example.com');
    for (const more of [[], ['--csv'], ['--json', 'user_id']])
      expect(await db.cli(...add, ...more)).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('--output-file'),
      });
    await db.refused('user show unseen', { code: 3 });
    const folder = await mkdtemp(join(tmpdir(), 'pinnacle-user-'));
    try {
      const added = await db.cliWith({ cwd: folder }, ...add, '--output-file', 'key');
      const key = (await readFile(join(folder, 'key'), 'utf8')).trim();
      expect(added).toMatchObject({ code: 0, stdout: expect.not.stringContaining(key) });
      const { code, stdout } = await db.cliWith({ stdin: key }, 'user', 'verify-key', '--json', 'user_id');
      expect({ code, ...JSON.parse(stdout) }).toEqual({ code: 0, user_id: 'unseen' });
      // A second trader of that name has no key that lies about.
      const again = [...add.slice(0, -1), 'x@example.com', '--output-file', 'other'];
      expect((await db.cliWith({ cwd: folder }, ...again)).code).toBe(5);
      expect(await readdir(folder)).toEqual(['key']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    ['--email', 'nobody'],
    ['--email', `${'x'.repeat(100)}@example.com`],
    ['--capital', '1.234'],
    ['--capital', '-5'],
    ['--capital', '99999999999999'],
    ['--capital', '1e6'],
    ['--user-id', 'x'.repeat(60)],
    ['--user-id', 'a b'],
    ['--user-id', "'; DROP TABLE users; --"],
    ['--name', 'A\u001b[31mB'],
    ['--name', ' '],
    ['--name', 'n'.repeat(101)],
    ['--risk-tolerance', 'reckless'],
  ])('refuses %s %j with exit 2', async (flag, value) => {
    const flags: Record<string, string> = { '--name': 'A', '--email': 'a@example.com', [flag]: value };
    const argv = ['user', 'add', ...Object.entries(flags).flat()];
    const { message } = await db.refused(argv, { code: 2, stderr: flag });
    expect(message).not.toContain('\u001b');
  });

  it('lists by id, in pages', async () => {
    const all = await db.json<{ user_id: string }[]>('user', 'list');
    const first = await db.cli('user', 'list', '--limit', '1', '--json', 'user_id');
    const cursor = /--after (\S+)/.exec(first.stderr)?.[1] ?? '';
    const second = await db.json<{ user_id: string }[]>('user', 'list', '--after', cursor);
    expect([...JSON.parse(first.stdout), ...second].map(({ user_id }) => user_id)).toEqual(
      all.map(({ user_id }) => user_id),
    );
  });
});
