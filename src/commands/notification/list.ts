import { defineCommand } from '../../cli/command.ts';
import { type Keyset, notACursor, page, pageFlags, partsOf } from '../../cli/pagination.ts';
import { keysetOf, orderName, type Sorts, sortFlags } from '../../cli/sorting.ts';
import type { Context } from '../../context.ts';
import { ALERT_LEVELS } from '../../domain/enums.ts';
import { requireNamed } from '../../trading/strategies/require-named.ts';
import { sortedPage } from '../_shared/sorted-page.ts';
import { notificationFields } from './fields.ts';
import { notificationFilter, selectNotifications } from './filter.ts';

const NEWEST = { columns: ['created_at', 'notification_id'], first: 'time' } as const;
const SORTS = { unread: NEWEST, created_at: NEWEST } as const satisfies Sorts;

export const list = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ all }) => all,
  phase: 3,
  args: {},
  flags: {
    ...notificationFilter,
    ...sortFlags(SORTS),
    ...pageFlags,
  },
  fields: notificationFields,
  madeBy: 'notification send',
  examples: [
    'notification list --user trader_001 --unread',
    'notification list --level error --since today --json notification_id,title',
    'notification list --type ORDER_REJECTED,RISK_ALERT --sort created_at',
  ],
  details: `Unread ones come first, then the newest; by created_at the newest, read or not. Levels from the lowest: ${ALERT_LEVELS.join(', ')}.`,
  async run(input, ctx: Context) {
    const [db, selections] = [await ctx.db(), await selectNotifications(input, ctx)];
    // Those of the system would be listed for anybody.
    await requireNamed(db, { user: input.user });
    if (input.sort === 'created_at')
      return sortedPage(ctx, input, {
        sorts: SORTS,
        selections,
        named: {},
        complete: async (rows) => rows,
      });

    const { sortedRows } = await import('../../platform/postgres/sorted-rows.ts');
    const order = { columns: NEWEST.columns, descending: !input.reverse };
    // Unread and read are queries that each follow an index; one query would sort the whole table for every page.
    const walk = (state: string, limit: number, after: Keyset) =>
      sortedRows(
        db,
        selections.map((part) => part.where('read_at', state === UNREAD ? 'is' : 'is not', null)),
        order,
        limit,
        after.length === 0 ? undefined : keysetOf(NEWEST, after),
      );
    const all = input.reverse ? [READ, UNREAD] : [UNREAD, READ];
    const states = input.unread ? [UNREAD] : all;
    return page(
      { ...input, orderedBy: orderName(input, SORTS) },
      ctx.io,
      async (limit, after) => {
        const [from, ...behind] = after === undefined ? [] : partsOf(after, 3);
        const rows: Awaited<ReturnType<typeof walk>> = [];
        for (const state of from === undefined ? states : statesFrom(states, from)) {
          if (rows.length === limit) break;
          rows.push(...(await walk(state, limit - rows.length, state === from ? behind : [])));
        }
        return rows;
      },
      (row) => [row.read_at === null ? UNREAD : READ, row.created_at, row.notification_id],
    );
  },
});

// The part of the list that a cursor is in.
const UNREAD = 'unread';
const READ = 'read';

/** The parts of the list that are left; throws a usage error for a cursor of another list. */
function statesFrom(states: readonly string[], from: string): readonly string[] {
  const at = states.indexOf(from);
  if (at < 0) throw notACursor();
  return states.slice(at);
}
