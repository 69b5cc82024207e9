import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cli } from '../../helpers/cli.ts';
import { servers } from '../../helpers/databases.ts';
import { runSql, type Server, startServer } from '../../helpers/postgres.ts';
import { start } from '../../helpers/process.ts';
import { freePort } from '../../helpers/redis.ts';
import { DOWN, ENTER, hasTerminals, openTerminal, type Terminal } from '../../helpers/terminal.ts';
import { words } from '../../helpers/words.ts';

const HBA = `local all all trust
host all all all scram-sha-256
`;

describe.each(servers)('config init with a server', () => {
  let folder: string;
  let server: Server;
  let port: number;
  let cwd: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pinnacle-wizard-'));
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, 'pg_hba.conf'), HBA);
    port = await freePort();
    server = await startServer({
      listen_addresses: '127.0.0.1',
      port: String(port),
      hba_file: join(folder, 'pg_hba.conf'),
    });
    await runSql(
      server.url,
      "ALTER ROLE postgres PASSWORD 'root-secret'",
      "CREATE ROLE maker LOGIN CREATEDB CREATEROLE PASSWORD 'maker-secret'",
      "CREATE ROLE asha LOGIN PASSWORD 'asha-secret'",
      "CREATE ROLE half LOGIN CREATEROLE PASSWORD 'half-secret'",
      'CREATE DATABASE hers OWNER asha',
      "CREATE ROLE guest LOGIN PASSWORD 'guest-secret'",
      'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
    );
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'pinnacle-wizard-cwd-'));
  });
  afterEach(() => rm(cwd, { recursive: true }));

  const at = (login: string, database: string) => `postgres://${login}@127.0.0.1:${port}/${database}`;
  const written = async (name = 'pinnacle.config.json') =>
    JSON.parse(await readFile(join(cwd, name), 'utf8'));

  /** Chooses an entry of a list by its place. */
  const choose = async (terminal: Terminal, question: string, place: number) => {
    await terminal.until(question);
    terminal.type(DOWN.repeat(place));
    terminal.type(ENTER);
  };
  const answer = async (terminal: Terminal, question: string, text: string) => {
    await terminal.until(question);
    terminal.type(`${text}${ENTER}`);
  };
  const wizard = (env: Record<string, string> = {}) =>
    openTerminal('config init --time-zone UTC', { cwd, env: { HOME: cwd, ...env } });

  describe.skipIf(!hasTerminals())('in a terminal', () => {
    it('says what is wrong as it goes, takes the password and keeps it out of the configuration', {
      timeout: 60_000,
    }, async () => {
      const terminal = wizard();
      await choose(terminal, 'Which database?', 2);
      await answer(terminal, 'Its URL:', 'postgres://asha@127.0.0.1:1/hers');
      await terminal.until('nothing listens there');
      // Try again, name another server, go on.
      await choose(terminal, 'What now?', 1);
      await answer(terminal, 'Its URL:', at('asha', 'hers'));
      await terminal.until('requires a password');
      await choose(terminal, 'What now?', 0);
      await answer(terminal, 'Its password:', 'wrong');
      await terminal.until('refused the login');
      await choose(terminal, 'What now?', 0);
      await answer(terminal, 'Its password:', 'asha-secret');
      await terminal.until(`Connected to asha@127.0.0.1:${port}/hers: PostgreSQL`);
      await terminal.until('Next: pinnacle migrate up');
      await choose(terminal, 'Where is the password kept?', 0);
      expect(await terminal.ended).toBe(0);
      expect(terminal.text()).not.toContain('asha-secret');
      expect(await written()).toEqual({ database: { $file: 'pinnacle.database-url' }, timeZone: 'UTC' });
      const file = join(cwd, 'pinnacle.database-url');
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect(await readFile(file, 'utf8')).toBe(`${at('asha:asha-secret', 'hers')}\n`);
      const later = await cli(['migrate', 'status', '--json'], { cwd, home: cwd });
      expect(later.code).toBe(0);
    });

    it('makes the role and the database as a login that may, with a password that nobody saw', {
      timeout: 60_000,
    }, async () => {
      const terminal = wizard();
      await choose(terminal, 'Which database?', 2);
      await answer(terminal, 'Its URL:', at('fresh', 'fresh_book'));
      await choose(terminal, 'What now?', 1);
      await terminal.until('may make roles and databases');
      terminal.type(`\u0015${at('maker', 'postgres')}${ENTER}`);
      await answer(terminal, 'Its password (used once', 'maker-secret');
      await answer(terminal, 'Make the role fresh and the database fresh_book?', 'y');
      await terminal.until('Made the role fresh and the database fresh_book.');
      await terminal.until('Connected to fresh@');
      expect(await terminal.ended).toBe(0);
      expect(terminal.text()).not.toContain('maker-secret');
      const [made] = await runSql(
        server.url,
        `SELECT rolcanlogin, rolsuper, (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'fresh_book') AS owner,
           pg_has_role('maker', 'fresh', 'USAGE') AS joined FROM pg_roles WHERE rolname = 'fresh'`,
      );
      expect(made).toEqual({ rolcanlogin: true, rolsuper: false, owner: 'fresh', joined: false });
      const { code, stderr } = await cli(['migrate', 'up', '--to', '1'], { cwd, home: cwd });
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    });

    it('makes nothing without a yes, and says what a role may not do', { timeout: 60_000 }, async () => {
      const terminal = wizard();
      await choose(terminal, 'Which database?', 2);
      await answer(terminal, 'Its URL:', at('asha:x', 'hers').replace(':x', ''));
      await choose(terminal, 'What now?', 1);
      await terminal.until('may make roles and databases');
      terminal.type(`\u0015${at('guest', 'postgres')}${ENTER}`);
      await answer(terminal, 'Its password (used once', 'guest-secret');
      await terminal.until('The role asha and the database hers are both there.');
      await choose(terminal, 'What now?', 4);
      expect(await terminal.ended).toBe(0);
      expect(await written()).toEqual({ database: at('asha', 'hers'), timeZone: 'UTC' });
      expect((await readdir(cwd)).filter((name) => name.startsWith('pinnacle'))).toEqual([
        'pinnacle.config.json',
      ]);
    });

    it.each([
      [
        'with the name of a driver',
        () => at('nobody:hush', 'hers').replace('postgres:', 'postgresql+asyncpg:'),
      ],
      ['with the password as a parameter', () => `${at('nobody', 'hers')}?user=nobody&password=hush`],
    ])(
      'shows no password of a URL %s, and a typed one replaces it',
      { timeout: 60_000 },
      async (_what, url) => {
        const terminal = wizard({ BOOK_URL: url().replaceAll('nobody', 'asha') });
        await choose(terminal, 'Which database?', 1);
        await terminal.until('Name of the variable:');
        terminal.type(`\u0015BOOK_URL${ENTER}`);
        await choose(terminal, 'What now?', 1);
        await terminal.until('may make roles and databases');
        terminal.type(`\u0015${at('guest:guest-secret', 'postgres')}${ENTER}`);
        await terminal.until('are both there');
        await choose(terminal, 'What now?', 0);
        await answer(terminal, 'Its password:', 'asha-secret');
        await choose(terminal, 'Where is the password kept?', 0);
        expect(await terminal.ended).toBe(0);
        expect(terminal.text()).not.toMatch(/hush|asha-secret/);
      },
    );

    it('ends by Ctrl-C at any question', { timeout: 60_000 }, async () => {
      const terminal = wizard();
      await choose(terminal, 'Which database?', 2);
      await answer(terminal, 'Its URL:', at('nobody', 'hers'));
      await choose(terminal, 'What now?', 1);
      await terminal.until('may make roles and databases');
      terminal.type('\u0003');
      expect(await terminal.ended).toBe(130);
      expect(await readdir(cwd)).not.toContain('pinnacle.config.json');
    });

    it('loses no password of a role that is being made when Ctrl-C comes between', {
      timeout: 60_000,
    }, async () => {
      const holder = new pg.Client({ connectionString: server.url });
      await holder.connect();
      await holder.query('BEGIN');
      await holder.query('LOCK TABLE pg_authid IN SHARE MODE');
      const first = wizard();
      await choose(first, 'Which database?', 2);
      await answer(first, 'Its URL:', at('cut', 'cut_book'));
      await choose(first, 'What now?', 1);
      await first.until('may make roles and databases');
      first.type(`\u0015${at('maker:maker-secret', 'postgres')}${ENTER}`);
      await answer(first, 'Make the role cut and the database cut_book?', 'y');
      const waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'pg_authid'::regclass";
      await expect.poll(async () => (await holder.query(waiting)).rows.length, { timeout: 30_000 }).toBe(1);
      first.type('\u0003');
      expect(await first.ended).toBe(130);
      // Nobody has seen the password, and the server makes the role with it all the same.
      const file = join(cwd, 'pinnacle.database-url');
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      const kept = await readFile(file, 'utf8');
      await holder.query('COMMIT');
      const others = "SELECT FROM pg_stat_activity WHERE usename = 'maker'";
      await expect.poll(async () => (await holder.query(others)).rows.length, { timeout: 30_000 }).toBe(0);
      await holder.end();
      const second = wizard();
      await choose(second, 'Which database?', 2);
      await answer(second, 'Its URL:', at('cut', 'cut_book'));
      await second.until('Trying the password that is in pinnacle.database-url.');
      await second.until('What now?');
      // Where the role is there it lacks the database alone.
      const [role] = await runSql(server.url, "SELECT FROM pg_roles WHERE rolname = 'cut'");
      second.type(DOWN.repeat(role ? 0 : 1));
      second.type(ENTER);
      await second.until('may make roles and databases');
      second.type(`\u0015${at('maker:maker-secret', 'postgres')}${ENTER}`);
      await answer(second, 'Make the ', 'y');
      await second.until('Connected to cut@');
      expect(await second.ended).toBe(0);
      expect(await readFile(file, 'utf8')).toBe(kept);
      expect(await written()).toEqual({ database: { $file: 'pinnacle.database-url' }, timeZone: 'UTC' });
      expect((await cli(['migrate', 'status', '--json'], { cwd, home: cwd })).code).toBe(0);
    });

    it('tries the URL of a variable, and warns of rights that are missing', { timeout: 60_000 }, async () => {
      const terminal = wizard({ BOOK_URL: at('guest:guest-secret', 'hers') });
      await choose(terminal, 'Which database?', 1);
      await terminal.until('Name of the variable:');
      terminal.type(`\u0015BOOK_URL${ENTER}`);
      await terminal.until('may not make tables');
      expect(await terminal.ended).toBe(0);
      expect(terminal.text()).not.toContain('guest-secret');
      expect(await written()).toEqual({ database: { $env: 'BOOK_URL' }, timeZone: 'UTC' });
    });
  });

  describe('without a terminal', () => {
    const init = (line: string, env: Record<string, string> = {}) =>
      cli(words(`config init --time-zone UTC ${line}`), { cwd, home: cwd, env });

    it('connects to nothing and makes nothing that no flag asks for', async () => {
      expect((await init(`--database ${at('nobody', 'nowhere')}`)).code).toBe(0);
      expect((await init('--database-env NOT_SET --yes')).code).toBe(0);
    });

    it.each([
      ['a host that does not answer', () => 'postgres://u@127.0.0.1:1/d', 7, 'nothing listens there'],
      ['a wrong password', () => at('asha:wrong', 'hers'), 12, 'refused the login'],
      ['a database that is missing', () => at('asha:asha-secret', 'nowhere'), 78, 'no such database'],
      [
        'TLS that is not there',
        () => `${at('asha:asha-secret', 'hers')}?sslmode=verify-full`,
        7,
        'does not offer it',
      ],
    ])('--check says %s and writes nothing', async (_what, url, exit, said) => {
      const { code, stderr } = await init('--database-env BOOK_URL --check', { BOOK_URL: url() });
      expect([code, stderr]).toEqual([exit, expect.stringContaining(said)]);
      expect(stderr).not.toMatch(/wrong|asha-secret/);
      expect(await readdir(cwd)).toEqual([]);
    });

    it('--create-as makes what is missing, once, with the password of the URL', async () => {
      const env = {
        BOOK_URL: at('desk:desk-secret', 'desk_book'),
        ADMIN_URL: at('maker:maker-secret', 'postgres'),
      };
      const dry = await init('--database-env BOOK_URL --create-as ADMIN_URL --dry-run', env);
      expect([dry.code, dry.stderr]).toEqual([0, expect.stringContaining('Not made')]);
      const first = await init('--database-env BOOK_URL --create-as ADMIN_URL', env);
      expect([first.code, first.stderr]).toEqual([
        0,
        expect.stringContaining('Made the role desk and the database desk_book.'),
      ]);
      const again = await init('--database-env BOOK_URL --create-as ADMIN_URL --yes', env);
      expect([again.code, again.stderr]).toEqual([0, expect.not.stringContaining('Made')]);
      expect(await written()).toEqual({ database: { $env: 'BOOK_URL' }, timeZone: 'UTC' });
      const [row] = await runSql(
        server.url,
        "SELECT rolpassword LIKE 'SCRAM-SHA-256$4096:%' AS kept FROM pg_authid WHERE rolname = 'desk'",
      );
      expect(row).toEqual({ kept: true });
    });

    it('--create-as as a login that may not ends 12 and writes nothing', async () => {
      const env = { BOOK_URL: at('other', 'other_book'), ADMIN_URL: at('guest:guest-secret', 'postgres') };
      const { code, stderr } = await init('--database-env BOOK_URL --create-as ADMIN_URL', env);
      expect([code, stderr]).toEqual([12, expect.stringContaining('not permitted')]);
      expect(await readdir(cwd)).toEqual([]);
    });

    const rolesNamed = (role: string) =>
      runSql(server.url, `SELECT rolname FROM pg_roles WHERE rolname = '${role}'`);

    it('--create-as as a login that may make roles alone leaves no role behind', async () => {
      const env = { BOOK_URL: at('lonely', 'lonely_book'), ADMIN_URL: at('half:half-secret', 'postgres') };
      const { code } = await init('--database-env BOOK_URL --create-as ADMIN_URL', env);
      expect(code).toBe(12);
      expect(await rolesNamed('lonely')).toEqual([]);
    });

    it('--create-as makes nothing for a file that may not be replaced', async () => {
      await writeFile(join(cwd, 'pinnacle.config.json'), '{}');
      const env = { BOOK_URL: at('late', 'late_book'), ADMIN_URL: at('maker:maker-secret', 'postgres') };
      const { code } = await init('--database-env BOOK_URL --create-as ADMIN_URL', env);
      expect(code).toBe(4);
      expect(await rolesNamed('late')).toEqual([]);
    });

    it.each([['--create-as ADMIN_URL'], ['--database embedded --create-as ADMIN_URL']])(
      '%s ends 2: nothing could be made',
      async (line) => {
        expect((await init(line, { ADMIN_URL: at('maker', 'postgres') })).code).toBe(2);
        expect(await readdir(cwd)).toEqual([]);
      },
    );

    it.each([
      ['--database-env NOT_SET --check'],
      ['--database postgres://u@127.0.0.1/d --create-as NOT_SET'],
    ])('%s ends 2: there is nothing to connect to', async (line) => {
      expect((await init(line)).code).toBe(2);
      expect(await readdir(cwd)).toEqual([]);
    });
  });

  it('a process of its own asks nothing of a pipe', async () => {
    const { ended } = start({ HOME: cwd }, 'config', 'init');
    expect((await ended).code).toBe(2);
  });
});
