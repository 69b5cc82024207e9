import { type Applied, changesOf } from './record.ts';
import type { Phase } from './scripts.ts';

/** Where each phase stands: applied, pending, or applied from scripts that have changed since. */
export function statusOf(phases: readonly Phase[], record: readonly Applied[]) {
  const changed = new Set(changesOf(phases, record).map(({ phase }) => phase));
  const pending = phases.filter(({ phase }) => !record.some((applied) => applied.phase === phase));
  const rows = [
    ...record.map((applied) => ({
      phase: applied.phase,
      name: applied.name,
      state: changed.has(applied.phase) ? ('changed' as const) : ('applied' as const),
      applied_at: applied.applied_at,
      applied_by: applied.applied_by,
      duration_ms: applied.duration_ms,
    })),
    ...pending.map(({ phase, name }) => ({
      phase,
      name,
      state: 'pending' as const,
      applied_at: null,
      applied_by: null,
      duration_ms: null,
    })),
  ];
  return rows.sort((a, b) => a.phase - b.phase);
}
