import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';

/** `position close` of every open position of a user. */
export async function closeAll(
  ctx: Context,
  request: { user: UserId; given: readonly string[]; fromCache: boolean },
) {
  const { closeAllOf } = await import('../../trading/exits/close-positions.ts');
  return closeAllOf(ctx, request);
}
