import { defineCommand } from '../../../cli/command.ts';
import { Finding } from '../../../cli/result.ts';
import type { Context } from '../../../context.ts';
import { reading } from './reading.ts';

export const verify = defineCommand({
  ...reading,
  fields: {
    field: { type: 'text' },
    state: { type: 'text', kind: 'state' },
    key_id: { type: 'text' },
    code: { type: 'text' },
    problem: { type: 'text' },
  },
  madeBy: 'user credentials set',
  examples: ['user credentials verify trader_001', 'user credentials verify trader_001 --json field,code'],
  details:
    'Decrypts the stored credentials; exits 11 if any of them cannot be decrypted. Shows no credential.',
  async run({ user }, ctx: Context) {
    const { decryptCredentials } = await import('../../../operations/keyring/describe-credentials.ts');
    const rows = await decryptCredentials(ctx, user);
    return rows.some(({ state }) => state === 'fail') ? new Finding(rows, 'integrity') : rows;
  },
});
