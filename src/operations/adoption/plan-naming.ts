import type { CatalogEntry } from '../migrations/catalog.ts';
import { TYPE_NAMES, TYPES, type TypeName, type TypeNaming, typeName } from '../migrations/type-names.ts';
import { type Column, labelsOf, unquoted } from './columns.ts';
import { type PlanRow, planRow } from './plan-row.ts';
import type { TypePlan } from './plan-types.ts';

/**
 * Under which names their services will know our types: a type of theirs keeps its name, and one that is new gets the usual name of an
 * ORM if others have theirs. Where enums were text, text is taken too. Undefined where our own names do.
 */
export function planNaming(
  actual: readonly CatalogEntry[],
  columns: readonly (readonly [expected: Column, actual: Column])[],
  { renamed }: TypePlan,
): { naming: TypeNaming | undefined; rows: PlanRow[] } {
  const theirs = labelsOf(actual);
  const given = new Map([...renamed].map(([name, type]) => [type, name]));
  const nameOf = (type: TypeName) => {
    const name = given.get(type);
    if (name !== undefined) return typeName.safeParse(name).success ? name : type;
    const usual = TYPE_NAMES[type];
    return given.size === 0 || theirs.has(type) || theirs.has(usual) ? type : usual;
  };
  const names = Object.fromEntries(TYPES.map((type) => [type, nameOf(type)])) as TypeNaming['names'];
  const ofText = columns.filter(([must, is]) => isOurs(unquoted(must.type)) && isText(is.type));
  const text = ofText.length > 0;
  if (!text && TYPES.every((type) => names[type] === type)) return { naming: undefined, rows: [] };
  const rows = text ? [...new Set(ofText.map(([must]) => must.type))].map(textRow) : [];
  return { naming: { names, text }, rows };
}

const isOurs = (type: string) => Object.hasOwn(TYPE_NAMES, type);
const isText = (type: string) => /^(character varying|text)\b/.test(type);

const textRow = (type: string): PlanRow =>
  planRow({
    table: '',
    kind: 'type',
    object: type,
    state: 'added',
    detail: 'takes values of type varchar and text, and is compared with them, as by schema compat --text',
  });
