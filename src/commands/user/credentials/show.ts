import { defineCommand } from '../../../cli/command.ts';
import { parsed } from '../../../cli/flags.ts';
import type { Context } from '../../../context.ts';
import { userId } from '../../../domain/id.ts';
import { BROKER_COLUMNS } from '../../../platform/secrets/broker-credentials.ts';

export const show = defineCommand({
  effect: 'read',
  roles: ['operator'],
  phase: 1,
  args: { user: parsed(userId, 'USER', 'the trader') },
  flags: {},
  fields: {
    field: { type: 'text' },
    value: { type: 'text' },
    state: { type: 'text' },
    key_id: { type: 'text' },
    length: { type: 'integer' },
    set_at: { type: 'time' },
  },
  examples: [
    'user credentials show trader_001',
    'user credentials show trader_001 --json field,key_id,set_at',
  ],
  details: `States: none, encrypted, or what is wrong. The length is in bytes. Needs no key ring; whether a credential can be read,
user credentials verify proves.`,
  async run({ user }, ctx: Context) {
    const [{ findCredentials, whenSet }, { inspectEnvelope }] = await Promise.all([
      import('../../../trading/users/credentials.ts'),
      import('../../../platform/secrets/envelope.ts'),
    ]);
    const db = await ctx.db();
    const credentials = await findCredentials(db, user);
    const dates = await whenSet(db, user);
    return BROKER_COLUMNS.map((field) => {
      const stored = credentials[field];
      if (stored === '')
        return { field, value: null, state: 'none', key_id: null, length: null, set_at: null };
      const face = inspectEnvelope(stored);
      const told =
        'problem' in face
          ? { state: face.problem, key_id: null, length: null }
          : { state: 'encrypted', key_id: face.keyId, length: face.length };
      return { field, value: '****', ...told, set_at: dates.get(field) ?? null };
    });
  },
});
