/** What adoption does with one object. Only `refused` keeps it from being done. */
type PlanState = 'fits' | 'converted' | 'added' | 'kept' | 'warning' | 'refused';

/** One object of the schema, and what adoption does with it. */
export interface PlanRow {
  table: string;
  kind: 'table' | 'type' | 'column' | 'constraint' | 'index' | 'trigger' | 'rows';
  object: string;
  state: PlanState;
  detail: string | null;
  /** How many rows it is about, and the newest of them; null where it is about none in particular. */
  rows: number | null;
  example: string | null;
  sql: string | null;
}

/** A row of the plan; what is not named is null. */
export function planRow(
  row: Pick<PlanRow, 'table' | 'kind' | 'object' | 'state'> & Partial<PlanRow>,
): PlanRow {
  return { detail: null, rows: null, example: null, sql: null, ...row };
}
