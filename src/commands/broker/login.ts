import { defineCommand } from '../../cli/command.ts';
import { optional, text, toggle } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { minuteText } from '../../domain/instant.ts';
import { usage } from '../../util/failure.ts';
import { chosenTrader, oneOrAll } from './one-or-all.ts';

export const login = defineCommand({
  effect: 'write',
  phase: 4,
  multiStep: true,
  repeat: 'resumes',
  args: oneOrAll.args,
  flags: {
    ...oneOrAll.flags,
    clientCode: optional(text('CODE', 'the client code at the broker; kept for later logins', 50)),
    totpStdin: toggle('read the one-time password from stdin, instead of making it'),
  },
  fields: {
    user_id: { type: 'text' },
    client_code: { type: 'text' },
    logged_in_at: { type: 'time' },
    token_expires_at: { type: 'time' },
    clock_skew_ms: { type: 'integer' },
    problem: { type: 'text' },
  },
  answer: ({ user_id, client_code, token_expires_at }) => ({
    done: `Logged in ${user_id} (${client_code})${token_expires_at === null ? '' : ` until ${minuteText(token_expires_at)}`}`,
    next: ['broker', 'sync', user_id],
  }),
  examples: ['broker login trader_001 --client-code A123456', 'broker login --all'],
  details: `Needs broker_api_key, broker_secret (the PIN) and broker_totp of the trader: pinnacle user credentials set. The one-time
password is made of the TOTP secret; none is sent twice, so a second login within 30 s waits. The token is stored encrypted until it
ends, at midnight in India. Other commands log in by themselves where there is no session. With --all, traders who cannot be
logged in are rows with a problem (exit 6).`,
  async run({ user, all, clientCode, totpStdin }, ctx: Context) {
    const chosen = chosenTrader({ user, all });
    if (all && clientCode !== undefined) throw usage('--client-code is of one trader: name the trader.');
    if (all && totpStdin) throw usage('--totp-stdin is of one trader: name the trader.');
    if (clientCode !== undefined && !/^[A-Za-z0-9]+$/.test(clientCode))
      throw usage('--client-code must be letters and digits.');
    const { logInTraders } = await import('../../trading/broker/log-in-traders.ts');
    const done = await logInTraders(ctx, { user: chosen, clientCode, totpStdin });
    const rows = done.map((each) => {
      const row = 'row' in each ? each.row : undefined;
      return {
        user_id: each.user,
        client_code: row?.client_code ?? null,
        logged_in_at: row?.logged_in_at ?? null,
        token_expires_at: row?.token_expires_at ?? null,
        clock_skew_ms: row?.clock_skew_ms ?? null,
        problem: 'problem' in each ? each.problem : null,
      };
    });
    return rows.some(({ problem }) => problem !== null) ? new Finding(rows) : rows;
  },
});
