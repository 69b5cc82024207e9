import { defineCommand } from '../../../cli/command.ts';
import { parsed } from '../../../cli/flags.ts';
import { Finding } from '../../../cli/result.ts';
import type { Context } from '../../../context.ts';
import { userId } from '../../../domain/id.ts';
import { BROKER_COLUMNS, keyIdOf, openCredential } from '../../../platform/secrets/broker-credentials.ts';

export const verify = defineCommand({
  effect: 'read',
  roles: ['operator'],
  phase: 1,
  args: { user: parsed(userId, 'USER', 'the trader') },
  flags: {},
  fields: {
    field: { type: 'text' },
    state: { type: 'text' },
    key_id: { type: 'text' },
    code: { type: 'text' },
    problem: { type: 'text' },
  },
  examples: ['user credentials verify trader_001', 'user credentials verify trader_001 --json field,code'],
  details: 'Decrypts what is stored, and ends 11 where any of it cannot be read. No credential is shown.',
  async run({ user }, ctx: Context) {
    const [{ findCredentials }, { loadRing }] = await Promise.all([
      import('../../../trading/users/credentials.ts'),
      import('../../../operations/keyring/load.ts'),
    ]);
    const credentials = await findCredentials(await ctx.db(), user);
    const stored = BROKER_COLUMNS.filter((field) => credentials[field] !== '');
    if (stored.length === 0) return [];
    const ring = await loadRing(ctx);
    const rows = stored.map((field) => {
      const opened = openCredential(ring, credentials, field);
      if ('problem' in opened) return { ...opened.problem, state: 'fail' };
      return { field, state: 'ok', key_id: keyIdOf(credentials[field]), code: null, problem: null };
    });
    return rows.some(({ state }) => state === 'fail') ? new Finding(rows, 'integrity') : rows;
  },
});
