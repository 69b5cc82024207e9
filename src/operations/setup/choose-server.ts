import { promptChoice, promptSecret, promptText, promptYes } from '../../cli/prompt.ts';
import type { Context } from '../../context.ts';
import { parseServerUrl, withDatabase, withPassword, withUser } from '../../platform/postgres/server-url.ts';
import { Failure } from '../../util/failure.ts';
import { createMissing, describeMissing, findMissing, newPassword } from './create-database.ts';
import { type Probe, probeServer, type ServerAccess } from './probe-server.ts';

/** The setting `database` of a server. */
export type ServerSetting = string | { $env: string } | { $file: string };

/** The file for the URL of the server with its password, which only its owner can read. */
export interface SecretFile {
  /** As the configuration beside it names it. */
  name: string;
  /** The URL that an earlier run left there. */
  read: () => Promise<string | undefined>;
  /** Writes it to the disk; asks before it replaces another. */
  write: (url: string) => Promise<void>;
  remove: () => Promise<void>;
}

/** How a server is named: by its URL, or by the variable that has it. Each asks until the answer can be used. */
export type AskForServer = { url: () => Promise<string> } | { variable: () => Promise<string> };

const PASSWORD = 'type its password';
const CREATE = 'make the role or the database, as a login that may';
const AGAIN = 'try again';
const OTHER = 'name another server';
const AS_IT_IS = 'go on without a connection';

/**
 * Asks for a server and connects to it, until that works or the operator goes on without; makes the role and the database
 * if the operator wants that. A password goes into `file`: one that nobody has seen before its role is made, so that no interrupt
 * loses it; the next run finds it there.
 */
export async function chooseServer(
  ctx: Context,
  ask: AskForServer,
  file: SecretFile,
): Promise<ServerSetting> {
  for (;;) {
    const named = 'url' in ask ? await ask.url() : await ask.variable();
    const own = 'url' in ask ? named : { $env: named };
    const url = 'url' in ask ? named : ctx.configSource.env[named];
    if (!url) {
      await ctx.io.say(`${named} is not set in this shell, so that nothing could be tried.`);
      return own;
    }
    const reached = await reach(ctx, url, file);
    if (reached === OTHER) continue;
    return (await isKept(ctx, url, { file, reached })) ? { $file: file.name } : own;
  }
}

/** Whether the file has a password that the URL has not; writes it there where the operator wants that. */
async function isKept(
  ctx: Context,
  url: string,
  { file, reached: { password, isSaved } }: { file: SecretFile; reached: Reached },
): Promise<boolean> {
  if (password === undefined || isSaved) return isSaved;
  if (!(await keepsInFile(ctx))) return false;
  await file.write(withPassword(url, password));
  return true;
}

interface Reached {
  /** One that the URL does not have. */
  password: string | undefined;
  /** Whether it is in the file already. */
  isSaved: boolean;
}

/** Connects until that works, the operator goes on without, or wants to name another server. */
async function reach(ctx: Context, url: string, file: SecretFile): Promise<Reached | typeof OTHER> {
  let reached: Reached = await savedFor(url, file);
  if (reached.isSaved) await ctx.io.say(`Trying the password that is in ${file.name}.`);
  for (;;) {
    const found = await tried(accessTo(ctx, url, reached.password));
    if (!(found instanceof Failure)) {
      for (const line of describeProbe(found)) await ctx.io.say(line);
      return reached;
    }
    await complain(ctx, found);
    const next = await promptChoice(ctx.io, 'What now?', waysOn(found));
    if (next === OTHER) return OTHER;
    if (next === AS_IT_IS) return reached;
    reached = (await changed(ctx, next, { url, file, reached })) ?? reached;
  }
}

/** What is known of the login after a way on was taken; undefined if that changed nothing. */
async function changed(
  ctx: Context,
  next: string,
  { url, file, reached }: { url: string; file: SecretFile; reached: Reached },
): Promise<Reached | undefined> {
  if (next === PASSWORD) return { password: await promptSecret(ctx.io, 'Its password:'), isSaved: false };
  if (next !== CREATE) return undefined;
  const made = await createAsAnother(ctx, url, { typed: reached.password, file }).catch(asFailure);
  if (made instanceof Failure) await complain(ctx, made);
  return typeof made === 'string' ? { password: made, isSaved: true } : undefined;
}

/** The password that an earlier run left for this very login. */
async function savedFor(url: string, file: SecretFile): Promise<Reached> {
  const saved = await file.read();
  const password = saved === undefined ? undefined : passwordOf(saved);
  const isSaved = password !== undefined && saved === withPassword(url, password);
  return { password: isSaved ? password : undefined, isSaved };
}

function waysOn({ code }: Failure): string[] {
  const login = code === 'LOGIN_REFUSED' ? [PASSWORD, CREATE] : [];
  const missing = code === 'DATABASE_MISSING' ? [CREATE] : [];
  return [...login, ...missing, AGAIN, OTHER, AS_IT_IS];
}

const accessTo = ({ globals, configSource }: Context, url: string, password?: string): ServerAccess => ({
  url: password === undefined ? url : withPassword(url, password),
  insecureTls: globals.insecureTls === true,
  env: configSource.env,
});

const tried = (access: ServerAccess): Promise<Probe | Failure> => probeServer(access).catch(asFailure);

function asFailure(error: unknown): Failure {
  // Ctrl-C at a question ends all of it.
  if (error instanceof Failure && error.kind !== 'interrupted') return error;
  throw error;
}

async function complain({ io }: Context, { message, details }: Failure): Promise<void> {
  await io.say(`${io.unicode ? '✗' : 'x'} ${message}${details.hint ? `\n  ${details.hint}` : ''}`);
}

/** What a connection found, for a person. */
export function describeProbe(probe: Probe): string[] {
  const { target, version, encrypted, superuser, may_create, phase } = probe;
  const lines = [`Connected to ${target}: PostgreSQL ${version}${encrypted ? ', over TLS' : ''}.`];
  if (superuser)
    lines.push('This login is a superuser, to whom no permission applies: a role of its own is better.');
  else if (phase === 0 && !may_create)
    lines.push(
      'This login may not make tables there: its owner has to, or has to GRANT CREATE ON SCHEMA public.',
    );
  lines.push(
    phase === 0 ? 'There is no schema yet. Next: pinnacle migrate up' : `The schema is at phase ${phase}.`,
  );
  return lines;
}

/** Makes what is missing as another login; returns the password of a new role, if the URL has none. */
async function createAsAnother(
  ctx: Context,
  url: string,
  { typed, file }: { typed: string | undefined; file: SecretFile },
): Promise<string | undefined> {
  const admin = await reachAsAnother(ctx, url);
  const missing = await findMissing(url, admin);
  const what = describeMissing(missing);
  if (what === undefined) {
    await ctx.io.say(`The role ${missing.role} and the database ${missing.database} are both there.`);
    return undefined;
  }
  if (!(await promptYes(ctx.io, `Make ${what}?`))) return undefined;
  if (ctx.dryRun) {
    await ctx.io.say(`Not made, as this is a dry run: ${what}.`);
    return undefined;
  }
  const known = typed ?? passwordOf(url);
  const fresh = missing.roleIsMissing && known === undefined ? newPassword() : undefined;
  // Before the role has it: nobody else knows it.
  if (fresh !== undefined) await file.write(withPassword(url, fresh));
  await createMissing(missing, admin, known ?? fresh).catch(async (error) => {
    const isUndone = error instanceof Failure && error.kind === 'forbidden';
    if (fresh !== undefined && isUndone) await file.remove();
    throw error;
  });
  await ctx.io.say(`Made ${what}.`);
  return fresh;
}

const passwordOf = (url: string): string | undefined => {
  const { password } = parseServerUrl(url).config;
  return typeof password === 'string' && password !== '' ? password : undefined;
};

/** A login that may make roles and databases; its password is asked for where the server wants one, and kept nowhere. */
async function reachAsAnother(ctx: Context, url: string): Promise<ServerAccess> {
  const suggested = withDatabase(withUser(url, 'postgres'), 'postgres');
  const admin = await promptText(
    ctx.io,
    'URL of a login that may make roles and databases:',
    () => undefined,
    suggested,
  );
  const plain = accessTo(ctx, admin);
  const found = await tried(plain);
  if (!(found instanceof Failure)) return plain;
  if (found.code !== 'LOGIN_REFUSED') throw found;
  const password = await promptSecret(ctx.io, 'Its password (used once, kept nowhere):');
  return accessTo(ctx, admin, password);
}

const FILE = 'in a file beside the configuration, which only you can read';
const ELSEWHERE = 'I keep it myself, in ~/.pgpass or PGPASSWORD';

/** Where a password that was typed goes: never into the configuration itself. */
const keepsInFile = async ({ io }: Context) =>
  (await promptChoice(io, 'Where is the password kept?', [FILE, ELSEWHERE])) === FILE;
