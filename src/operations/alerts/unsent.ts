import { sql } from 'kysely';
import { auditTarget, changedIf, firstListed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { RETRY_WINDOW_MS } from '../../domain/alerts/retry.ts';
import { instant, later } from '../../domain/instant.ts';
import { CHANNEL_STATE_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { notFound } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { releaseWaiting } from './channel-state.ts';
import { DELIVERY_COLUMNS, deliveryRow, type Listed } from './list-deliveries.ts';

/** Messages: one, those of a channel, or all. */
interface Which {
  delivery?: string | undefined;
  channel?: string | undefined;
}

const isOf = ({ delivery, channel }: Which) => sql`
  ${delivery === undefined ? sql`` : sql`AND delivery_id = ${delivery}`}
  ${channel === undefined ? sql`` : sql`AND channel = ${channel}`}`;

const targetOf = ({ delivery }: Which) =>
  delivery === undefined ? 'alerts' : auditTarget('alert', delivery);

function mustBeFound(rows: readonly Listed[], { delivery }: Which): void {
  if (rows.length === 0 && delivery !== undefined)
    throw notFound('dead alert', delivery, 'See: pinnacle alert status --state DEAD');
}

/**
 * Lets messages that are dead, or failed and wait, be tried again at once and for a day, under their ids. Throws DEAD_ALERT_NOT_FOUND
 * for one that is not there or nothing of that.
 */
export async function retryUnsent(ctx: Context, which: Which) {
  needStep(await ctx.source(), CHANNEL_STATE_SINCE_STEP);
  return ctx.change(async ({ db }) => {
    const now = instant(ctx.now());
    const { rows } = await sql<Listed>`
      UPDATE alert_deliveries SET state = 'PENDING', channel_state = NULL, attempts = 0, next_at = ${now}::timestamp,
        give_up_at = ${later(now, RETRY_WINDOW_MS)}::timestamp
      WHERE (state = 'DEAD' OR (state = 'PENDING' AND last_error <> '')) ${isOf(which)}
      RETURNING ${DELIVERY_COLUMNS}`.execute(db);
    mustBeFound(rows, which);
    for (const channel of new Set(rows.map((row) => row.channel))) await releaseWaiting(db, channel, now);
    const ids = rows.map(({ delivery_id }) => delivery_id);
    return changedIf(rows.length > 0, rows.map(deliveryRow), targetOf(which), {
      retried: ids.length,
      first: firstListed(ids),
    });
  });
}

/**
 * Removes dead messages after a confirmation, of which the audit log keeps what they were; those composed before a time where one is
 * given. Throws DEAD_ALERT_NOT_FOUND for one that is not there or not dead.
 */
export async function dismissDead(ctx: Context, which: Which & { before: string | undefined }) {
  needStep(await ctx.source(), CHANNEL_STATE_SINCE_STEP);
  const before = which.before === undefined ? undefined : await ctx.instant('--before', which.before);
  const found = await sql<Listed>`
    SELECT ${DELIVERY_COLUMNS} FROM alert_deliveries WHERE state = 'DEAD' ${isOf(which)}
      ${before === undefined ? sql`` : sql`AND created_at < ${before}::timestamp`}`.execute(await ctx.db());
  const ids = found.rows.map(({ delivery_id }) => delivery_id);
  mustBeFound(found.rows, which);
  if (found.rows.length > 0)
    await ctx.confirm(`Dismiss ${pluralize(found.rows.length, 'dead message')}, which will never be sent?`);
  // Those alone that the question was about: others may die while it waits.
  return ctx.change(async ({ db }) => {
    const { rows } = await sql<Listed>`
      DELETE FROM alert_deliveries WHERE state = 'DEAD' AND delivery_id = ANY(${ids}::text[])
      RETURNING ${DELIVERY_COLUMNS}`.execute(db);
    const dismissed = rows.map(deliveryRow);
    const told = dismissed.map(
      ({ delivery_id, channel, level, title, notifications, created_at, last_error }) => ({
        ...{ delivery_id, channel, level, title, notifications, created_at, last_error },
      }),
    );
    return changedIf(rows.length > 0, dismissed, targetOf(which), {
      dismissed: rows.length,
      before: before ?? null,
      first: firstListed(told),
    });
  });
}
