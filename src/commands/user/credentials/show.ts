import { defineCommand } from '../../../cli/command.ts';
import type { Context } from '../../../context.ts';
import { reading } from './reading.ts';

export const show = defineCommand({
  ...reading,
  fields: {
    field: { type: 'text' },
    value: { type: 'text' },
    state: { type: 'text', kind: 'state' },
    key_id: { type: 'text' },
    length: { type: 'integer' },
    set_at: { type: 'time' },
  },
  examples: [
    'user credentials show trader_001',
    'user credentials show trader_001 --json field,key_id,set_at',
  ],
  details: `States: none, encrypted, or what is wrong. The length is in bytes. Needs no key ring; user credentials verify tells
whether a credential can be decrypted.`,
  async run({ user }, ctx: Context) {
    const { describeCredentials } = await import('../../../operations/keyring/describe-credentials.ts');
    return describeCredentials(await ctx.source(), user);
  },
});
