import type { Params, Values } from './flags.ts';
import type { Globals } from './globals.ts';
import type { Io } from './io.ts';
import type { ReplayedResult } from './output.ts';
import type { Fields, Result, StreamFormat } from './result.ts';

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

/** What the rail itself needs of the context that the program hands to its verbs. */
export interface RailContext {
  io: Io;
  now: () => Date;
  timeZone: () => Promise<string>;
  /** Where a write goes, in a few words. */
  target: () => Promise<string>;
  /** The name to type out before any write, if the profile is protected. */
  protectedProfile: () => Promise<string | undefined>;
  /** Sends all further reads to the primary; false if they went there already. */
  fallBackToPrimary: () => boolean;
  confirmByName: (name: string, question: string) => Promise<void>;
  /** Locks the command line until this process ends; returns who holds the lock if another process does. */
  singleInstance: (input: object) => Promise<string | undefined>;
  /** The run under the --idempotency-key; undefined if none is given. */
  idempotent: (input: object) => Promise<IdempotentRun | undefined>;
}

interface IdempotentRun {
  /** What the command gave the first time under its key; undefined if the key is new. */
  replay: () => Promise<ReplayedResult | undefined>;
  /** Keeps the result for the next time, unless a change of the command has done so. */
  finish: (result: Result) => Promise<void>;
}

type Input<A extends Params, F extends Params> = Values<A> & Values<F>;

/** One verb: everything help, completion, validation and output need to know of it. */
export interface Command<
  A extends Params = Params,
  F extends Params = Params,
  O extends Fields = Fields,
  Ctx = RailContext,
> {
  effect: Effect;
  /** The rollout phase whose tables it uses. */
  phase?: 1 | 2 | 3 | 4;
  /** Whether a replica that has caught up may answer: for lists and reports, never for what a decision hangs on. */
  reads?: 'replica';
  /** Where a write goes, if not to the database; files are not named as a target. */
  writesTo?: 'redis' | 'file';
  /** Who may run it, the role that it is meant for first; for a read everyone, else the operator. */
  roles?: readonly Role[];
  /** What a second run comes to; by default it makes another change, unless --idempotency-key says that it is the same. */
  repeat?: Repeat;
  /** Works in several transactions, each whole: between two of them is a state of its own. */
  multiStep?: true;
  /** How many audit entries a change leaves, if not one: one per row, or none for what only measures. */
  entries?: 'each' | 'none';
  /** A check: what it prints is a verdict, which --quiet wants only where something is found. */
  verdict?: true;
  /** Only one process may run the same command line at a time. */
  singleInstance?: true;
  /** Its rows come as things happen: each is printed at once, as JSON one object a line. */
  live?: StreamFormat;
  args: A;
  flags: F;
  /** What it prints: a column each. */
  fields: O;
  /** Command lines without the leading `pinnacle`, at least one. */
  examples: readonly [string, ...string[]];
  /** More than the summary, for help. */
  details?: string;
  run(input: Input<A, F>, ctx: Ctx): Promise<Result<NoInfer<O>>>;
}

/** Fields whose names are known to the compiler: of others it could not tell what a row lacks. */
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

/** A line of a noun's table: the summary at once, the verb itself only when it is called. */
export interface Verb {
  summary: string;
  load: () => Promise<Command>;
}

/** A noun, or a group of verbs within one; its table is loaded when it is named. */
export interface Noun {
  summary: string;
  verbs: () => Promise<Verbs>;
  /** What the noun does by itself, when no verb follows. */
  own?: Verb;
}

export type Verbs = Readonly<Record<string, Verb | Noun>>;

/** A line of a noun's table of verbs. */
export function verb(summary: string, load: () => Promise<unknown>): Verb {
  return { summary, load: load as () => Promise<Command> };
}

/** A command line understood: which verb, with which words and flags. */
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
