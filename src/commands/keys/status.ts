import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';

export const status = defineCommand({
  effect: 'read',
  roles: ['operator'],
  phase: 1,
  args: {},
  flags: {},
  fields: {
    key_id: { type: 'text' },
    state: { type: 'text', kind: 'state' },
    created_at: { type: 'time' },
    broker_api_key: { type: 'integer' },
    broker_secret: { type: 'integer' },
    broker_token: { type: 'integer' },
    broker_totp: { type: 'integer' },
    alert_channels: { type: 'integer' },
  },
  examples: ['keys status', 'keys status --json key_id,state'],
  details: `States: active (encrypts and decrypts), decrypt (decrypts only), missing (credentials use it but the ring lacks it, so they
cannot be read). A row without a key counts credentials that are not encrypted: pinnacle keys encrypt.`,
  async run(_input, ctx: Context) {
    const { listKeys } = await import('../../operations/keyring/list-keys.ts');
    return listKeys(ctx);
  },
});
