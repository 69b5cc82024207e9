import { writeAudit } from '../../audit/log.ts';
import type { Context } from '../../context.ts';
import { PATIENT_LOCKS, retryUnderLocks } from '../../platform/postgres/retry-under-locks.ts';
import { needStep, readSchema } from '../../platform/postgres/schema-phase.ts';
import { SETTINGS_SINCE_STEP } from '../../trading/trading-day.ts';
import { usage } from '../../util/failure.ts';
import { type NamedType, readTypes, TEXT_AIDS, useNaming, useOwnNames } from '../migrations/name-types.ts';
import { inTransaction, type Session, withSession } from '../migrations/rollout-session.ts';
import {
  readNaming,
  TYPE_NAMES,
  TYPES,
  type TypeName,
  type TypeNaming,
  typeName,
  writeNaming,
} from '../migrations/type-names.ts';

/** What an operator asks for: other names as `order_side=my_side`, whether text is taken too, or their end. */
export interface CompatRequest {
  name: readonly string[] | undefined;
  text: boolean;
  off: boolean;
  /** How long to wait for another rollout, in milliseconds. */
  lockWait: number;
}

/** One of our types, the name by which statements of others know it, and whether it takes text. */
export interface NamedRow {
  type: TypeName;
  name: string;
  text: boolean;
}

/**
 * Gives our enum types the names that other services expect, or their own again with `off`, in one audited transaction; returns
 * every type. What is not asked for stays as it is. Throws PHASE_NEEDED, NAME_TAKEN and TYPES_IN_USE (exit 5).
 */
export async function setCompat(ctx: Context, request: CompatRequest): Promise<NamedRow[]> {
  const chosen = namesOf(request.name ?? []);
  if (request.off && (chosen.size > 0 || request.text))
    throw usage('--off takes every name back: give it without --name and --text.');
  return withSession(ctx, request.lockWait, (session) =>
    retryUnderLocks(PATIENT_LOCKS, ctx.signal, () =>
      inTransaction(ctx, session, () => rename(ctx, session, request, chosen)),
    ),
  );
}

function namesOf(words: readonly string[]): ReadonlyMap<TypeName, string> {
  const names = new Map<TypeName, string>();
  for (const word of words) {
    const [type = '', name = '', ...more] = word.split('=');
    if (!isType(type) || more.length > 0 || !typeName.safeParse(name).success)
      throw usage(
        `--name: ${word} is not a type and its name, such as order_side=my_side.`,
        `The types are ${TYPES.join(', ')}. A name has letters, digits and _, at most 62.`,
      );
    if (names.has(type)) throw usage(`--name: ${type} is named twice.`);
    names.set(type, name);
  }
  return names;
}

const isType = (word: string): word is TypeName => Object.hasOwn(TYPE_NAMES, word);

async function rename(
  ctx: Context,
  { db }: Session,
  { off, text }: CompatRequest,
  chosen: ReadonlyMap<TypeName, string>,
): Promise<NamedRow[]> {
  needStep(await readSchema(db), SETTINGS_SINCE_STEP);
  const before = await readTypes(db);
  const naming = off ? undefined : namingOf(before, chosen, text);
  // What is on record and cannot be read is neither what is asked for nor nothing.
  const recorded = await readNaming(db).catch(() => null);
  if (isDone(before, naming) && JSON.stringify(recorded) === JSON.stringify(naming)) {
    await ctx.io.say('Nothing to do: the types are named so already.');
    return before.map(rowOf);
  }
  // A type that is named so already stays as it is: statements that services have prepared depend on what would be made again.
  const others = before.filter(
    ({ type, name, aids }) =>
      name !== (naming?.names[type] ?? type) || ![0, naming?.text ? TEXT_AIDS : 0].includes(aids),
  );
  await useOwnNames(
    db,
    others.map(({ type }) => type),
  );
  if (naming) await useNaming(db, naming);
  await writeNaming(db, naming);
  const after = await readTypes(db);
  await writeAudit(db, ctx.origin, {
    target: 'settings',
    body: { before: stateOf(before), after: stateOf(after), schema_compat: naming ?? null },
  });
  return after.map(rowOf);
}

/** What is asked for, over what is there, over the usual names. */
function namingOf(
  before: readonly NamedType[],
  chosen: ReadonlyMap<TypeName, string>,
  text: boolean,
): TypeNaming {
  const isOn = before.some(({ type, name, aids }) => name !== type || aids > 0);
  const there = new Map(before.map(({ type, name }) => [type, name]));
  const nameOf = (type: TypeName) =>
    chosen.get(type) ?? (isOn ? there.get(type) : undefined) ?? TYPE_NAMES[type];
  const names = Object.fromEntries(TYPES.map((type) => [type, nameOf(type)])) as TypeNaming['names'];
  refuseShared(names);
  return { names, text: text || before.some(({ aids }) => aids > 0) };
}

function refuseShared(names: TypeNaming['names']): void {
  const shared = TYPES.find((type) =>
    TYPES.some((other) => other !== type && (names[other] === names[type] || other === names[type])),
  );
  if (shared) throw usage(`--name: ${names[shared]} would be the name of two types.`);
}

const isDone = (types: readonly NamedType[], naming: TypeNaming | undefined) =>
  types.every(
    ({ type, name, aids }) =>
      name === (naming?.names[type] ?? type) && aids === (naming?.text ? TEXT_AIDS : 0),
  );

const rowOf = ({ type, name, aids }: NamedType): NamedRow => ({ type, name, text: aids === TEXT_AIDS });
const stateOf = (types: readonly NamedType[]) =>
  Object.fromEntries(types.map(({ type, name, aids }) => [type, aids > 0 ? `${name}, takes text` : name]));
