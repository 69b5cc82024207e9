import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBouncer, startBouncer } from '../../helpers/bouncer.ts';
import { cli } from '../../helpers/cli.ts';
import { servers, type TestDatabase } from '../../helpers/databases.ts';

describe.each(servers)('the URL of a database on $name', ({ open }) => {
  let db: TestDatabase;
  /** Where it is, as `/name?host=…`. */
  let where: string;
  beforeAll(async () => {
    db = await open(1);
    where = String(db.env['DATABASE_URL']).replace(/^.*@/, '');
  });
  afterAll(() => db.close());

  const list = (url: string, env: Record<string, string> = {}) =>
    cli(['user', 'list', '--json'], { env: { DATABASE_URL: url, ...env } });

  it.each([
    ['the driver of another program', 'postgresql+asyncpg://postgres@', ''],
    ['another driver', 'postgres+psycopg2://postgres@', ''],
    ['a mode of TLS as asyncpg has it', 'postgresql+asyncpg://postgres@', '&ssl=prefer'],
    ['parameters that change nothing', 'postgres://postgres@', '&application_name=x&gssencmode=disable'],
    ['any session', 'postgres://postgres@', '&target_session_attrs=any'],
    ['a time limit and options', 'postgres://postgres@', '&connect_timeout=3&options=-c%20geqo%3Doff'],
  ])('may name %s', async (_what, scheme, parameters) => {
    expect(await list(`${scheme}/${where.slice(1)}${parameters}`)).toMatchObject({ code: 0, stdout: '[]\n' });
  });

  it.each([
    ['several hosts', 'postgres://u@a,b/book', /several hosts.*replicas/],
    ['several hosts with ports', 'postgres://u@a:1,b:2/book', /several hosts/],
    ['several hosts as a parameter', 'postgres://u@/book?host=a,b', /several hosts/],
    ['the primary among them', 'postgres://u@a/book?target_session_attrs=read-write', /target_session_attrs/],
    ['a service', 'postgres:///?service=trading', /not followed: service\..*service file/],
    [
      'the schema of an ORM',
      'postgres://u@a/book?schema=trading',
      /not followed: schema\..*database\.schema/,
    ],
    ['an unknown parameter', 'postgres://u@a/book?pool_timeout=3', /not followed: pool_timeout/],
    ['a part after a #', 'postgres://u@a/book?sslmode=disable#x', /has a #.*%23/],
    ['a password with a #', 'postgres://u#x@a/book', /has a #.*%23/],
    ['no time', 'postgres://u@a/book?connect_timeout=soon', /connect_timeout\..*seconds/],
    ['more time than a timer holds', 'postgres://u@a/book?connect_timeout=3000000', /connect_timeout/],
    ['another encoding', 'postgres://u@a/book?client_encoding=latin1', /not followed: client_encoding/],
  ])('may not name %s: it would not be followed', async (_what, url, said) => {
    const { code, stdout, stderr } = await list(url);
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toMatch(said);
    const replica = { PINNACLE_REPLICAS: url };
    expect(await list(`postgres://postgres@/${where.slice(1)}`, replica)).toMatchObject({ code: 78 });
  });

  it('is filled by no service of PGSERVICE, which is said', async () => {
    const env = { PGSERVICE: 'trading' };
    expect(await list('postgres:///book', env)).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('PGSERVICE is set'),
    });
    // One that leaves nothing open needs none.
    expect(await list(`postgres://postgres@/${where.slice(1)}`, env)).toMatchObject({ code: 0 });
  });

  it('waits as long for an answer as connect_timeout says', async () => {
    const began = performance.now();
    const { code } = await list('postgres://u@192.0.2.1:5432/book?connect_timeout=1&sslmode=verify-full');
    expect(code).toBe(7);
    expect(performance.now() - began).toBeLessThan(4_500);
  });

  it.skipIf(!findBouncer())('of a pooler that allows no transactions is told as that', async () => {
    const bouncer = await startBouncer(`postgres://postgres@/${where.slice(1)}`, { pool_mode: 'statement' });
    try {
      const url = bouncer.urlOf(where.slice(1).replace(/\?.*/, ''));
      expect(await list(url)).toMatchObject({
        code: 78,
        stderr: expect.stringMatching(/a pooler that allows no transactions.*pool_mode = transaction/s),
      });
    } finally {
      await bouncer.stop();
    }
  });
});
