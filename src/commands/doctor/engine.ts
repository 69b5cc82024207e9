import { defineCommand } from '../../cli/command.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';

export const engine = defineCommand({
  effect: 'read',
  verdict: true,
  args: {},
  flags: {},
  fields: {
    property: { type: 'text' },
    state: { type: 'text', kind: 'state' },
    detail: { type: 'text' },
    used_for: { type: 'text' },
  },
  examples: ['doctor engine', 'doctor engine --json property,state,detail'],
  details: `Probes what Pinnacle relies on and what a server that only speaks the protocol of PostgreSQL may lack: locks that lock,
transaction ids, snapshots, the identity of the server. Uses the connection of a rollout (migrateUrl). Exits 6 if a property
is missing; migrate up refuses a server whose advisory locks do not lock.`,
  async run(_input, ctx: Context) {
    const { probeEngine } = await import('../../operations/health/probe-engine.ts');
    const rows = await probeEngine(ctx);
    return rows.some(({ state }) => state === 'fail') ? new Finding(rows) : rows;
  },
});
