import { changed, unchanged } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { needStep } from '../../platform/postgres/schema-phase.ts';
import { SETTINGS_SINCE_STEP, TIME_ZONE_SETTING } from '../trading-day.ts';

/** Sets the time zone whose midnight starts a trading day, for the whole database. Throws PHASE_NEEDED (exit 5). */
export function setTradingTimeZone(ctx: Context, zone: string) {
  return ctx.change(async (trx) => {
    needStep(trx, SETTINGS_SINCE_STEP);
    const row = { name: TIME_ZONE_SETTING, value: zone };
    const before = await trx.db
      .selectFrom('pinnacle_settings')
      .select('value')
      .where('name', '=', row.name)
      .forUpdate()
      .executeTakeFirst();
    const result = { trading_time_zone: zone };
    if (before?.value === zone) return unchanged(result);
    await trx.db
      .insertInto('pinnacle_settings')
      .values(row)
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: zone }))
      .execute();
    return changed(result, 'settings', { before: { [row.name]: before?.value ?? null }, after: result });
  });
}
