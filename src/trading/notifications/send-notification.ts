import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { instant } from '../../domain/instant.ts';
import type { Notice } from '../../domain/notice.ts';
import { findUser } from '../users/store.ts';
import { insertNotifications } from './notify.ts';
import { findNotification } from './store.ts';

/** Sends a notification to a user, or to everyone if user_id is null; returns it. Throws USER_NOT_FOUND. */
export function sendNotification(ctx: Context, notice: Notice) {
  return ctx.change(async (trx) => {
    if (notice.user_id !== null) await findUser(trx.db, notice.user_id);
    const [id = ''] = await insertNotifications(trx, instant(ctx.now()), [notice]);
    const sent = await findNotification(trx.db, id);
    return changed(sent, auditTarget('notification', id), { notification: sent });
  });
}
