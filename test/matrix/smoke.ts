import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type CliResult, cli } from '../helpers/cli.ts';
import { commandsOf, dayOf, fillIn, remember } from '../helpers/day.ts';
import { ownSchema, runSql } from '../helpers/postgres.ts';
import { words } from '../helpers/words.ts';

/** Where a smoke runs: a server without roles of ours, and a Redis. */
export interface Place {
  /** As a superuser. */
  serverUrl: string;
  /** What the server makes sessions begin with, if anything. */
  habit?: Habit;
  redisUrl: string;
  /** The Node that the built program is to run on; undefined where its sources run in this process, which takes a third of the time. */
  node: string | undefined;
  /** Of this place alone. */
  folder: string;
  /** Kept from one place to the next, as on the machine of an operator. */
  cacheDir: string;
}

/** Settings of a database, or of every role. */
export interface Habit {
  level: 'database' | 'role';
  /** As ALTER … SET takes them. */
  settings: Readonly<Record<string, string>>;
}

/** A login that owns its database and may make databases and roles; no superuser. */
const OWNER = 'desk';
const PROGRAM = resolve('bin/pinnacle.js');

/** What may be found is not what the version of a server decides; these find nothing wherever they run. */
const CLEAN = ['migrate verify', 'migrate drift', 'partition check', 'backup verify', 'audit verify'];

/**
 * Runs every command of the program on a place, as the owner of a database who is no superuser, and what belongs to a version: a
 * backup verified in full and restored over the database, grants, and the checks of doctor. Gives how many commands ran, and
 * the backup. Throws for the first command that does not end as it should.
 */
export async function smoke(place: Place): Promise<{ commands: number; backup: string }> {
  const { folder, habit } = place;
  const asOwner = (statement: string) => runSql(urlOf(place, OWNER, OWNER), statement);
  await asSuperuser(place, `CREATE ROLE ${OWNER} LOGIN CREATEDB CREATEROLE`);
  if (habit?.level === 'role') await asSuperuser(place, ...statementsOf('ROLE ALL', habit));
  await createDatabase(place, OWNER, OWNER);
  const owner = face(place, OWNER, OWNER);
  await owner.run('migrate up');
  const ring = join(folder, 'keyring.json');
  const known: Record<string, string> = { secret: 'a broker secret' };
  const query = async (statement: string) => ({ rows: await asOwner(statement) });
  const filled = (text: string) => fillIn(text, { query }, ring, known);
  for (const line of dayOf(commandsOf((await owner.run('help --json')).stdout))) {
    if ('sql' in line) await asOwner(line.sql);
    else {
      const { stdout } = await owner.run(await filled(line.text), line.stdin && (await filled(line.stdin)));
      remember(stdout, known);
    }
  }
  await expectGranted(owner);
  const backup = join(folder, 'after-the-day.pinbackup');
  await owner.run('partition enable orders --yes');
  await owner.run(`backup create --output ${backup}`);
  await owner.run(`backup verify ${backup} --deep`);
  await owner.run(`backup restore ${backup} --confirm ${OWNER}`);
  await ownSchema(urlOf(place, 'postgres', OWNER), OWNER);
  await owner.run('access apply --yes');
  await expectGranted(owner);
  await checkHealth(owner);
  const others = await checkGrants(place, owner);
  return { commands: owner.count() + others, backup };
}

/** What PostgreSQL 16 changed: who may grant a role need not have its rights, and a grant belongs to who gave it. */
async function checkGrants(place: Place, owner: Face): Promise<number> {
  const [version] = await asSuperuser(place, 'SHOW server_version_num');
  const isFrom16 = Number(version?.['server_version_num']) >= 160_000;
  const adminOnly = `WITH ADMIN ${isFrom16 ? 'TRUE, INHERIT FALSE, SET FALSE' : 'OPTION'}`;
  await runSql(
    urlOf(place, OWNER, OWNER),
    'CREATE ROLE clerk LOGIN',
    'GRANT pinnacle_operator TO clerk',
    'GRANT pinnacle_auditor TO pinnacle_cron',
  );
  // Who may only grant the owner role is none of the owners, and may work.
  if (isFrom16) await asSuperuser(place, `GRANT pinnacle_owner TO clerk ${adminOnly}`);
  const clerk = face(place, 'clerk', OWNER);
  await clerk.run('order place --user u2 --symbol ITC --side BUY --type MARKET --quantity 1 --yes');
  await clerk.run('audit seal');
  await expectMembers(owner, 'clerk', [
    'member pinnacle_operator',
    ...(isFrom16 ? ['admin pinnacle_owner'] : []),
  ]);
  // A superuser takes back what another login gave.
  const superuser = face(place, 'postgres', OWNER);
  await superuser.run('access apply --yes');
  await expectGranted(superuser);
  // The owner of another database, who may grant the owner role, takes its rights.
  await asSuperuser(
    place,
    `CREATE ROLE heir LOGIN ${isFrom16 ? 'NOINHERIT' : ''}`,
    `GRANT pinnacle_owner TO heir ${adminOnly}`,
  );
  await createDatabase(place, 'heir', 'heir');
  const heir = face(place, 'heir', 'heir');
  await heir.run('migrate up');
  await heir.run('access apply --yes');
  await expectGranted(heir);
  await expectMembers(heir, 'heir', ['member pinnacle_owner']);
  return clerk.count() + superuser.count() + heir.count();
}

/** That `access show` tells every membership once. */
async function expectMembers(by: Face, role: string, expected: readonly string[]): Promise<void> {
  const shown = await by.run('access show --json role,is,through');
  const rows: { role: string; is: string; through: string | null }[] = JSON.parse(shown.stdout);
  const found = rows.filter((row) => row.role === role && row.through !== null);
  const told = found.map(({ is, through }) => `${is} ${through}`);
  if (told.toSorted().join() !== expected.toSorted().join()) throw unexpected('access show', shown);
}

/** Restores a backup of another server into a new database, where the same must hold as where it was made. */
export async function restoreFrom(place: Place, backup: string, database: string): Promise<void> {
  await createDatabase(place, database, OWNER);
  const owner = face(place, OWNER, database);
  await owner.run(`backup restore ${backup}`);
  await checkHealth(owner);
}

async function createDatabase(place: Place, database: string, owner: string): Promise<void> {
  const { habit } = place;
  await asSuperuser(place, `CREATE DATABASE ${database} OWNER ${owner}`);
  await ownSchema(urlOf(place, 'postgres', database), owner);
  if (habit && 'search_path' in habit.settings)
    await runSql(urlOf(place, owner, database), 'CREATE SCHEMA trading');
  if (habit?.level === 'database') await asSuperuser(place, ...statementsOf(`DATABASE ${database}`, habit));
}

const statementsOf = (whose: string, { settings }: Habit) =>
  Object.entries(settings).map(([name, value]) => `ALTER ${whose} SET ${name} = ${value}`);

async function expectGranted(owner: Face): Promise<void> {
  const plan = await owner.run('access plan --json');
  if (plan.stdout !== '[]\n') throw unexpected('access plan', plan);
}

type Face = ReturnType<typeof face>;

/** The program as a login on a database. */
function face(place: Place, login: string, database: string) {
  const { redisUrl, node, folder, cacheDir } = place;
  const home = join(folder, login);
  mkdirSync(home, { recursive: true });
  const env = {
    PATH: String(process.env['PATH']),
    TMPDIR: folder,
    HOME: home,
    XDG_CACHE_HOME: cacheDir,
    DATABASE_URL: urlOf(place, login, database),
    REDIS_URL: redisUrl,
    PINNACLE_BROKER: 'paper',
    PINNACLE_KEYRING_FILE: join(folder, 'keyring.json'),
    PINNACLE_BACKUP_DIR: folder,
    PINNACLE_TIMEOUT: '60s',
    PINNACLE_GUARD_PRICE_MOVE: '0',
  };
  let commands = 0;
  return {
    count: () => commands,
    /** Throws where it ends otherwise than with 0, or 6 where there may be something to find. */
    async run(line: string, stdin = ''): Promise<CliResult> {
      commands++;
      const ended = node
        ? await start(node, words(line), { cwd: home, env }, stdin)
        : await cli(words(line), { cwd: home, home, env, stdin });
      const clean = CLEAN.some((path) => line.startsWith(path));
      if (!(clean ? [0] : [0, 6]).includes(ended.code)) throw unexpected(line, ended);
      return ended;
    },
  };
}

function start(
  node: string,
  argv: readonly string[],
  options: { cwd: string; env: Record<string, string> },
  stdin: string,
): Promise<CliResult> {
  return new Promise((done) => {
    const child = execFile(
      node,
      [PROGRAM, ...argv],
      { ...options, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => done({ code: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
    );
    // It may end without having read it all.
    child.stdin?.on('error', () => {});
    child.stdin?.end(stdin);
  });
}

async function checkHealth(owner: Face): Promise<void> {
  await owner.run('migrate drift');
  await owner.run('partition check');
  await owner.run('audit verify');
  const doctor = await owner.run('doctor --json check,state,detail');
  const failed = JSON.parse(doctor.stdout).filter(({ state }: { state: string }) => state === 'fail');
  if (failed.length > 0) throw unexpected('doctor', { ...doctor, stdout: JSON.stringify(failed) });
}

const unexpected = (line: string, { code, stdout, stderr }: CliResult) =>
  new Error(`pinnacle ${line}: exit ${code}\n${stdout.slice(0, 2_000)}${stderr}`);

const asSuperuser = (place: Place, ...statements: string[]) =>
  runSql(urlOf(place, 'postgres', 'postgres'), ...statements);

/**
 * Whoever means to write where sessions are read-only says so. Commands of several places run in one process, where one that
 * computes keeps the others from hearing the server.
 */
function urlOf({ serverUrl, habit }: Place, login: string, database: string): string {
  const url = serverUrl.replace('//postgres@/postgres?', `//${login}@/${database}?connect_timeout=60&`);
  const isReadOnly = habit && 'default_transaction_read_only' in habit.settings;
  return isReadOnly ? `${url}&options=-c%20default_transaction_read_only%3Doff` : url;
}
