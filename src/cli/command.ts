import type { Terminal } from './charts/terminal.ts';
import type { Params, Values } from './flags.ts';
import type { Globals } from './globals.ts';
import type { Io } from './io.ts';
import type { ReplayedResult } from './output.ts';
import type { Answer, Fields, Part, Result, RowOf, StreamFormat } from './result.ts';
import type { Row } from './rows.ts';

/**
 * What running a command may do. `write` and `destroy` name their target first, take --dry-run and leave an audit
 * row; `destroy` also asks for consent.
 */
type Effect = 'read' | 'write' | 'destroy';

/** Who may run a command: the roles of the database without their prefix `pinnacle_`. */
export type Role = 'owner' | 'operator' | 'cron' | 'readonly' | 'auditor';

/** Every role but the owner, which is for changes of the schema. */
export const EVERYONE: readonly Role[] = ['readonly', 'operator', 'cron', 'auditor'];

/**
 * `resumes`: continues with what is left, or finds it done; `advances`: takes another step, as a rollback by one
 * phase does. Neither takes --idempotency-key. `once`: with the same ids it is refused or finds its work done.
 */
type Repeat = 'resumes' | 'advances' | 'once';

/** What `src/cli` needs of the context that the program passes to its verbs. */
export interface RailContext {
  io: Io;
  now: () => Date;
  timeZone: () => Promise<string>;
  /** An id in full that is written shortened, as tables show it, and the day that a word means; other text as it is. */
  inFull: (placeholder: string, text: string) => Promise<string>;
  /** Where a write goes, in a few words. */
  target: () => Promise<string>;
  /** Returns only after the name of the profile is typed, if it is protected. */
  confirmProfile: () => Promise<void>;
  /** Sends all further reads to the primary; false if a replica has not answered any. */
  readPrimary: () => boolean;
  /** Locks the command line until this process ends; returns who holds the lock if another process does. */
  singleInstance: (input: object) => Promise<string | undefined>;
  /** The run under the --idempotency-key; undefined if none is given. */
  idempotent: (input: object) => Promise<IdempotentRun | undefined>;
}

interface IdempotentRun {
  /** The first result of the command under its key; undefined if the key is new. */
  replay: () => Promise<ReplayedResult | undefined>;
  /** Stores the result for later runs, unless a change of the command has already stored it. */
  finish: (result: Result) => Promise<void>;
}

type Input<A extends Params, F extends Params> = Values<A> & Values<F>;

/** One verb: everything that help, completion, validation and output need. */
export interface Command<
  A extends Params = Params,
  F extends Params = Params,
  O extends Fields = Fields,
  Ctx = RailContext,
> {
  effect: Effect;
  /** The rollout phase whose tables it uses. */
  phase?: 1 | 2 | 3 | 4;
  /** Whether a replica that has caught up may answer: for lists and reports, never for input to a decision. */
  reads?: 'replica';
  /**
   * Whether it prints rows as it reads them. Such a read goes to the primary: it could not start again once part of it
   * is printed.
   */
  streams?(input: Input<A, F>): boolean;
  /** Where a write goes, if not to the database; files are not named as a target. */
  writesTo?: 'redis' | 'file';
  /** Who may run it, the role that it is meant for first; for a read everyone, else the operator. */
  roles?: readonly Role[];
  /** The effect of a second run; by default it makes another change, unless it has the same --idempotency-key. */
  repeat?: Repeat;
  /** Works in several transactions; the state between two of them is valid and visible. */
  multiStep?: true;
  /** How many audit entries a change leaves, if not one: one per row, or none if it only measures. */
  entries?: 'each' | 'none';
  /** A check: it prints verdicts, which --quiet shows only if there are findings. */
  verdict?: true;
  /** Only one process may run the same command line at a time. */
  singleInstance?: true;
  /** Its rows are events: each is printed at once, in JSON one object per line. */
  live?: StreamFormat;
  /** What a terminal shows of a single thing that it returns, instead of all its columns. */
  page?(found: RowOf<O>, ctx: Ctx): Promise<Part[]>;
  /** A read of what does not change by itself, such as a file: there is nothing to watch. */
  still?: true;
  /** What a terminal shows beneath a single thing that it returns, as lines. */
  charts?(found: Row, terminal: Terminal, input: Input<A, F>): Promise<string[]>;
  args: A;
  flags: F;
  /** The columns it prints. */
  fields: O;
  /** Of a command that makes or changes something: what a terminal says of one row instead of all its columns. */
  answer?(row: RowOf<O>): Answer;
  /** Of a list: a command line without the leading `pinnacle` that makes a row. */
  madeBy?: string;
  /** Command lines without the leading `pinnacle`, at least one. */
  examples: readonly [string, ...string[]];
  /** Details for help, after the summary. */
  details?: string;
  run(input: Input<A, F>, ctx: Ctx): Promise<Result<NoInfer<O>>>;
}

/** Fields whose names the compiler knows; otherwise it could not check that a row has them all. */
type Named<O extends Fields> = string extends keyof O ? never : O;

/** Defines a verb; its input is typed by its args and flags, its result by its fields. */
export function defineCommand<
  A extends Params,
  F extends Params,
  const O extends Fields,
  Ctx extends RailContext,
>(command: Command<A, F, O, Ctx> & { fields: Named<O> }): Command<A, F, O, Ctx> {
  return command;
}

/** Who may run a command, the role that it is meant for first. */
export function rolesOf({ roles, effect }: Pick<Command, 'roles' | 'effect'>): readonly Role[] {
  return roles ?? (effect === 'read' ? EVERYONE : ['operator']);
}

/** Whether a command takes --idempotency-key: a write to the database whose repetition may be another change. */
export function takesKey({
  effect,
  writesTo,
  repeat,
}: Pick<Command, 'effect' | 'writesTo' | 'repeat'>): boolean {
  return effect !== 'read' && !writesTo && repeat !== 'resumes' && repeat !== 'advances';
}

/** An entry of a noun's table: the summary, and the verb, which is loaded when it is called. */
export interface Verb {
  summary: string;
  /** The heading in root help that it stands under, if it needs no noun. */
  group?: string;
  /** The word that named it in earlier versions, and still does; help no longer says it. */
  formerly?: string;
  load: () => Promise<Command>;
}

/** A noun, or a group of verbs within one; its table is loaded on first use. */
export interface Noun {
  summary: string;
  /** As of a verb. */
  formerly?: string;
  verbs: () => Promise<Verbs>;
  /** The heading in root help that it stands under. */
  group?: string;
  /** The verb that runs when no verb follows the noun. */
  own?: Verb;
}

export type Verbs = Readonly<Record<string, Verb | Noun>>;

/** An entry of a noun's table of verbs. What can be watched takes the flags of that, too. */
export function verb(summary: string, load: () => Promise<unknown>): Verb {
  return { summary, load: async () => watchable((await load()) as Command) };
}

/** A read that ends can be run again and again; what writes files has files of its own. */
async function watchable(command: Command): Promise<Command> {
  const { effect, live, still, flags } = command;
  if (effect !== 'read' || live || still || 'output' in flags) return command;
  const { watchFlags } = await import('./flags.ts');
  return { ...command, flags: { ...flags, ...watchFlags } };
}

/** A parsed command line: the verb, its arguments and flags. */
export interface Invocation {
  path: readonly string[];
  command: Command;
  words: readonly (string | readonly string[] | undefined)[];
  options: Readonly<Record<string, unknown>>;
  globals: Globals;
}
export interface Program {
  name: string;
  summary: string;
  footer: string;
  nouns: Verbs;
}
