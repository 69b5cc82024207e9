import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';

describe.each(databases)('user import and strategy import on $name', ({ open }) => {
  let db: TestDatabase;
  let folder: string;
  let files = 0;

  beforeAll(async () => {
    db = await open();
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-users-'));
  });
  afterAll(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  const place = () => join(folder, `${++files}`);
  const file = async (content: string | Buffer) => {
    const path = place();
    await writeFile(path, content);
    return path;
  };

  it('adds traders and gives each a key that works, in a file of its own and nowhere else', async () => {
    const path = await file(
      gzipSync(
        '\ufeffemail,name,user_id,total_capital,note\r\nA@example.com,"Rao, Asha",t1,2500.50,x\r\nb@example.com,Ravi,,,\r\n',
      ),
    );
    const keys = place();
    const done = await db.cli('user', 'import', path, '--keys', keys, '--json');
    expect(JSON.parse(done.stdout)).toEqual({
      imported: 2,
      rejected: 0,
      rejects_file: null,
      keys_file: keys,
    });
    expect(((await stat(keys)).mode & 0o777).toString(8)).toBe('600');
    const lines = (await readFile(keys, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => line.split(','));
    expect(lines[0]).toEqual(['user_id', 'api_key']);
    expect(done.stdout + done.stderr).not.toContain('pin_live_');
    const [, [id, key] = []] = lines;
    const verified = await db.cliWith({ stdin: key ?? '' }, 'user', 'verify-key', '--json');
    expect(JSON.parse(verified.stdout)).toMatchObject({ user_id: id });
    const { rows } = await db.query('SELECT * FROM users ORDER BY email');
    expect(rows).toMatchObject([
      { user_id: 't1', name: 'Rao, Asha', email: 'a@example.com', total_capital: '2500.50' },
      { name: 'Ravi', total_capital: '100000.00', risk_tolerance: 'medium' },
    ]);
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
    const log = await db.audits('user import');
    expect(log).toHaveLength(3);
    expect(JSON.stringify(log)).not.toContain(String(rows[0]?.['api_key']));
    const second = await file('name,email\nC,c@example.com\n');
    await db.refused(['user', 'import', second, '--keys', keys], { code: 5, stderr: keys });
    expect((await db.query("SELECT FROM users WHERE email = 'c@example.com'")).rows).toEqual([]);
  });

  it('names the lines that cannot be taken; then nothing is in, and no key is left', async () => {
    const lines = [
      '{"user_id":"u1","name":"N","email":"u1@example.com"}',
      '{"user_id":"u1","name":"N","email":"u2@example.com"}',
      '{"user_id":"u3","name":"N","email":"U1@example.com"}',
      '{"user_id":"u4","name":"N","email":"no address"}',
      '{"user_id":"u5","name":"N"}',
      '{"user_id":"u6","name":"N","email":"u6@example.com","total_capital":-1}',
      '{"user_id":"-","name":"N","email":"u7@example.com"}',
      '{"user_id":"u8","name":"N","email":"u8@example.com","api_key":"x"}',
      '{"user_id":"t1","name":"N","email":"u9@example.com"}',
    ];
    const [path, keys, rejects] = [await file(lines.join('\n')), place(), place()];
    await db.refused(['user', 'import', path, '--keys', keys], {
      code: 2,
      stderr: '8 lines cannot be taken',
    });
    await expect(stat(keys)).rejects.toThrow('ENOENT');
    const args = ['user', 'import', path, '--keys', keys, '--keep-going', '--rejects', rejects];
    const dry = await db.cli(...args, '--dry-run', '--json');
    expect(JSON.parse(dry.stdout)).toMatchObject({ imported: 1, keys_file: null });
    await expect(stat(keys)).rejects.toThrow('ENOENT');
    await rm(rejects);
    const kept = await db.cli(...args, '--json');
    expect(kept.code).toBe(6);
    expect(JSON.parse(kept.stdout)).toMatchObject({ imported: 1, rejected: 8, keys_file: keys });
    expect((await readFile(rejects, 'utf8')).trim().split('\n').slice(1)).toEqual([
      '2,user_id u1 is that of line 1',
      '3,email u1@example.com is that of line 1',
      expect.stringMatching(/^4,"?email must be an e-mail address/),
      '5,email is missing',
      expect.stringMatching(/^6,"?total_capital must be an amount/),
      expect.stringMatching(/^7,"?user_id must be letters/),
      expect.stringMatching(/^8,.*api_key/),
      '9,user_id t1 is taken',
    ]);
  });

  it('adds strategies from NDJSON and from CSV by the rules of strategy add', async () => {
    const row = {
      ...{
        strategy_id: 's1',
        name: 'N',
        description: 'D',
        category: 'c',
        risk_level: 'Low',
        min_capital: 1000.5,
      },
      ...{ expected_return_annual: 12, max_drawdown: 5, symbols: ['tcs', 'INFY'], parameters: { a: [1] } },
    };
    const json = await file(`${JSON.stringify(row)}\n${JSON.stringify({ ...row, strategy_id: 's2' })}\n`);
    expect((await db.cli('strategy', 'import', json)).code).toBe(0);
    const csv = await file(
      `${Object.keys(row).join(',')}\ns3,N,D,c,High,0,-1.5,5,"TCS, ITC","{""a"":1}"\ns2,N,D,c,Low,0,1,5,TCS,{}\ns4,N,D,c,low,0,1,5,TCS,{}\ns5,N,D,c,Low,0x1,1,5,TCS,[]\n`,
    );
    const kept = await db.cli('strategy', 'import', csv, '--keep-going', '--json');
    expect(kept.code).toBe(6);
    expect(JSON.parse(kept.stdout)).toEqual({ imported: 1, rejected: 3, rejects_file: `${csv}.rejects.csv` });
    const rejects = await readFile(`${csv}.rejects.csv`, 'utf8');
    expect(rejects).toContain('3,strategy_id s2 is taken');
    expect(rejects).toMatch(/4,"?risk_level must be one of/);
    expect(rejects).toMatch(/5,"?min_capital must be/);
    const { rows } = await db.query('SELECT strategy_id, symbols, parameters FROM strategies ORDER BY 1');
    expect(rows).toEqual([
      { strategy_id: 's1', symbols: ['TCS', 'INFY'], parameters: { a: [1] } },
      { strategy_id: 's2', symbols: ['TCS', 'INFY'], parameters: { a: [1] } },
      { strategy_id: 's3', symbols: ['TCS', 'ITC'], parameters: { a: 1 } },
    ]);
    expect((await db.json<unknown[]>('audit', 'list', '--target', 'strategy s3')).length).toBe(1);
  });
});
