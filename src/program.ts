import { resolve } from 'node:path';
import { type Noun, type Program, type Verb, type Verbs, verb } from './cli/command.ts';
import { readCommandLine } from './cli/command-line.ts';
import type { Globals } from './cli/globals.ts';
import { createIo, type Io, isSet, Sink, type Surroundings } from './cli/io.ts';
import type { Log } from './cli/log.ts';
import { parse } from './cli/parse.ts';
import type { Context } from './context.ts';
import { EXITS } from './util/exit-codes.ts';
import { Failure, usage } from './util/failure.ts';

const noun = (summary: string, load: () => Promise<{ verbs: Verbs }>, own?: Verb): Noun => ({
  summary,
  verbs: async () => (await load()).verbs,
  ...(own && { own }),
});

/** The nouns and verbs of a group, under whose name root help lists them. */
const group = (name: string, entries: Verbs): Verbs =>
  Object.fromEntries(Object.entries(entries).map(([word, each]) => [word, { ...each, group: name }]));

/** Every noun of the program. A new noun takes a folder and a line here. */
export const NOUNS: Verbs = {
  ...group('Trading', {
    order: noun('Orders: place, fill, cancel, import', () => import('./commands/order/command.ts')),
    fill: noun('Executions of orders', () => import('./commands/fill/command.ts')),
    position: noun('Positions and their profit and loss', () => import('./commands/position/command.ts')),
    strategy: noun('Trading strategies and who runs them', () => import('./commands/strategy/command.ts')),
    risk: noun('Risk rules, and the kill switch', () => import('./commands/risk/command.ts')),
    session: noun(
      'Trading sessions: profit, drawdown, capital',
      () => import('./commands/session/command.ts'),
    ),
    broker: noun(
      'The broker: what it has, and what goes to it',
      () => import('./commands/broker/command.ts'),
    ),
    reconcile: noun('Book against broker', () => import('./commands/reconcile/command.ts')),
  }),
  ...group('Accounts and reports', {
    user: noun('Users and their accounts', () => import('./commands/user/command.ts')),
    'corporate-action': noun(
      'Splits, bonuses, dividends, mergers',
      () => import('./commands/corporate-action/command.ts'),
    ),
    charges: noun('Brokerage, taxes and fees of trades', () => import('./commands/charges/command.ts')),
    report: noun('Performance, months and trades', () => import('./commands/report/command.ts')),
    notification: noun(
      'Notifications of fills, risk and services',
      () => import('./commands/notification/command.ts'),
    ),
  }),
  ...group('Market data', {
    market: noun('Quotes in Redis: set, import, watch', () => import('./commands/market/command.ts')),
    instrument: noun(
      'What can be traded: tokens, ticks, lots, ISINs',
      () => import('./commands/instrument/command.ts'),
    ),
    calendar: noun('Holidays and sessions of the exchanges', () => import('./commands/calendar/command.ts')),
    symbol: noun('Symbols that have a new name', () => import('./commands/symbol/command.ts')),
  }),
  ...group('Data', {
    import: noun('Files before they are imported', () => import('./commands/import/command.ts')),
    ledger: noun('The book beside other programs', () => import('./commands/ledger/command.ts')),
    migrate: noun('Roll the schema out, phase by phase', () => import('./commands/migrate/command.ts')),
    schema: noun(
      'What the schema refuses, and what other writers may do',
      () => import('./commands/schema/command.ts'),
    ),
    backup: noun('Backups: create, verify, restore', () => import('./commands/backup/command.ts')),
    partition: noun('Orders in monthly partitions', () => import('./commands/partition/command.ts')),
    retention: noun(
      'Delete rows and keys past their retention period',
      () => import('./commands/retention/command.ts'),
    ),
    realtime: noun('The projection of live rows in Redis', () => import('./commands/realtime/command.ts')),
  }),
  ...group('Operations', {
    status: verb(
      'The trading day in a line each, and what comes next',
      async () => (await import('./commands/status/status.ts')).status,
    ),
    top: verb('The trading day as it happens', async () => (await import('./commands/top/top.ts')).top),
    doctor: noun(
      'Check the system, and show what helps',
      () => import('./commands/doctor/command.ts'),
      verb(
        'Check the connection, the schema and the clock',
        async () => (await import('./commands/doctor/check.ts')).check,
      ),
    ),
    alert: noun('Alerts: notifications that arrive', () => import('./commands/alert/command.ts')),
    audit: noun('The audit log: list, seal and verify it', () => import('./commands/audit/command.ts')),
    access: noun('Who may do what: roles and grants', () => import('./commands/access/command.ts')),
    keys: noun(
      'The key ring that broker credentials are encrypted with',
      () => import('./commands/keys/command.ts'),
    ),
    schedule: noun('Scheduled jobs for cron or systemd', () => import('./commands/schedule/command.ts')),
    config: noun('Settings and where they come from', () => import('./commands/config/command.ts')),
    demo: verb(
      'Thirty days of trades to look at, or to practise on',
      async () => (await import('./commands/demo/demo.ts')).demo,
    ),
    completion: noun('Completion of words in a shell', () => import('./commands/completion/command.ts')),
    metrics: noun('Metrics for Prometheus', () => import('./commands/metrics/command.ts')),
    version: verb(
      'Which version this is, and what it knows',
      async () => (await import('./commands/version/version.ts')).version,
    ),
  }),
};

const PROGRAM: Program = {
  name: 'pinnacle',
  summary: "The operator's console of a multi-user algorithmic trading system.",
  footer: `Topics: pinnacle help exit-codes | error-codes | environment | formats | topics
Every command takes --json and says on stderr which database it writes to.`,
  nouns: NOUNS,
};

/**
 * Runs one command line to its exit code. Never throws: failures are reported on stderr. `within` is the context of the command
 * that runs it, if one does.
 */
export async function run(
  argv: readonly string[],
  around: Surroundings,
  signal: AbortSignal,
  within?: Context,
): Promise<number> {
  const out = new Sink(around.stdout, isSet(around.env['PINNACLE_FORCE_TTY']));
  const err = new Sink(around.stderr);
  let globals: Globals = { color: true, pager: true, input: true };
  const io = (log?: Log) => {
    const { quiet = false, color, input } = globals;
    return createIo(around, out, err, { quiet, color, input }, log);
  };
  try {
    const line = await readCommandLine(NOUNS, argv);
    globals = line.globals;
    if (line.help) {
      const { topic } = await import('./runtime/help.ts');
      const names = [...line.path, ...line.rest].filter((word) => word !== '--help');
      const text = await topic(names, globals.json !== undefined, PROGRAM, out.columns);
      const show = () => paged(out, around, globals, signal, () => print(text ?? '', out));
      if (text !== undefined) return await filtered({ globals, io: io(), signal }, show);
    }
    if (argv.length === 0 && out.isTTY && !isSet(around.env['CI']))
      return await print(await (await import('./runtime/first-steps.ts')).firstSteps(around), out);
    const parsed = await parse(PROGRAM, line, out.columns);
    if ('run' in parsed) {
      const invocation = parsed.run;
      const isWatched = invocation.options['watch'] === true && invocation.command.effect === 'read';
      return await logged(invocation, around, (log) => {
        const given = [invocation, around, io(log), signal] as const;
        const isEndless = isWatched || invocation.command.live !== undefined;
        const whole = () => (isWatched ? watchVerb(...given) : runVerb(...given, within));
        return filtered({ io: given[2], signal, globals, isEndless }, whole);
      });
    }
    if (!parsed.missing) return await paged(out, around, globals, signal, () => print(parsed.help, out));
    if (globals.json !== undefined) throw usage('A command is missing.', 'See: pinnacle help');
    return await print(parsed.help, err, 2);
  } catch (error) {
    return await report(error, globals, io());
  }
}

/** Warns that committed changes are not in Redis yet; exit 8 unless the command already exits with another code. */
async function reportPending({ message }: Failure, code: number, io: Io): Promise<number> {
  await io.warn(`${message} Committed, but not yet in Redis. Run: pinnacle realtime drain`);
  return code === 0 ? EXITS.pending[0] : code;
}

/** Reports an interrupt: of a write, that it is rolled back; of a read, itself; of a watch, which ends in no other way, nothing. */
async function reportInterrupt(reason: Failure, { command, globals }: Invocation, io: Io): Promise<number> {
  // Ctrl-C is how an operator ends a watch.
  if (command.live) return reason.kind === 'interrupted' ? 0 : reason.exit;
  if (command.effect === 'read') return report(reason, globals, io);
  const { kind, code, message } = reason;
  return report(new Failure(kind, code, `${message} What was not finished is rolled back.`), globals, io);
}

async function print(text: string, sink: Sink, exit = 0): Promise<number> {
  await sink.write(text.endsWith('\n') ? text : `${text}\n`);
  return exit;
}

/** Runs it with the file of --log open, if given, and logs its exit code and duration. */
async function logged(
  { path, globals }: Invocation,
  { cwd, pid, now }: Surroundings,
  run: (log?: Log) => Promise<number>,
): Promise<number> {
  if (globals.log === undefined) return run();
  const { openLog } = await import('./cli/log.ts');
  const started = performance.now();
  const log = await openLog(resolve(cwd, globals.log), { command: path.join(' '), pid, now });
  try {
    const exit = await run(log);
    await log.add({ level: 'end', exit, ms: Math.round(performance.now() - started) });
    return exit;
  } finally {
    await log.close();
  }
}

type Invocation = Parameters<typeof import('./cli/run.ts').execute>[0];

async function runVerb(
  invocation: Invocation,
  around: Surroundings,
  io: Io,
  signal: AbortSignal,
  within?: Context,
): Promise<number> {
  const [{ execute }, { openContext }] = await Promise.all([
    import('./cli/run.ts'),
    import('./runtime/open-context.ts'),
  ]);
  const { ctx, projectionFailure, hasChanged, release } = openContext(invocation, NOUNS, around, io, signal, {
    run,
    within,
  });
  const { command, globals } = invocation;
  const attempt = async () => {
    try {
      const done = await execute(invocation, ctx);
      if (hasChanged() && io.err.isTTY) await (await import('./runtime/say-critical.ts')).sayCritical(ctx);
      return { code: done };
    } catch (error) {
      return { reason: await explained(error, ctx) };
    } finally {
      // Nobody waits for the database while somebody reads.
      await release();
    }
  };
  const isLong = command.effect === 'read' && command.live === undefined;
  const { code, reason } = await (isLong ? paged(io.out, around, globals, signal, attempt) : attempt());
  if (code === undefined) {
    if (signal.aborted && reason instanceof Failure && reason === signal.reason)
      return reportInterrupt(reason, invocation, io);
    return report(reason, globals, io);
  }
  for (const line of io.afterwards) await io.note(line);
  const waiting = projectionFailure();
  return waiting ? reportPending(waiting, code, io) : code;
}

/** A failure in the operator's words; of what is not there, with what may be meant. */
async function explained(error: unknown, { explain, db }: Context): Promise<unknown> {
  const reason = await explain(error).catch(() => error);
  if (!(reason instanceof Failure) || !reason.details.missing) return reason;
  return (await import('./trading/nearest-id.ts')).withNearestId(reason, db);
}

/** Does what prints JSON, with --jq through that program. */
async function filtered(to: import('./runtime/jq/through-jq.ts').Filtered, work: () => Promise<number>) {
  if (to.globals.jq === undefined) return work();
  return (await import('./runtime/jq/through-jq.ts')).throughJq(to, work);
}

/** Does what prints for a reader: on a terminal what is longer than the screen goes to a pager, and this ends when that does. */
async function paged<T>(
  out: Sink,
  { page, env }: Surroundings,
  globals: Globals,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  if (page === undefined || !globals.pager || !out.stream.isTTY) return work();
  const { withPager } = await import('./cli/paging.ts');
  const result = await withPager(out, env, page, work);
  // A pager that was terminated with this looks as if it had been quit.
  signal.throwIfAborted();
  return result;
}

/** Runs a read again and again, each time with a context of its own, whose output is shown where the one before was. */
async function watchVerb(
  invocation: Invocation,
  around: Surroundings,
  io: Io,
  signal: AbortSignal,
): Promise<number> {
  const { quiet = false, color, input } = invocation.globals;
  const { watch } = await import('./cli/watch.ts');
  return watch({ invocation, io, now: around.now, signal }, ({ stdout, stderr }, until) => {
    const kept = { ...around, attended: io.isAttended, page: undefined };
    const shown = createIo(kept, new Sink(stdout), new Sink(stderr), { quiet, color, input }, io.log);
    return runVerb(invocation, kept, shown, until);
  });
}

/** Reports a failure, and returns its exit code. */
async function report(error: unknown, globals: Globals, io: Io): Promise<number> {
  return (await import('./runtime/report.ts')).report(error, globals, io);
}
