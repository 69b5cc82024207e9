import { defineCommand } from '../../cli/command.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';

export const verify = defineCommand({
  effect: 'read',
  roles: ['operator'],
  phase: 1,
  verdict: true,
  args: {},
  flags: {},
  fields: {
    user_id: { type: 'text' },
    channel: { type: 'text' },
    field: { type: 'text' },
    key_id: { type: 'text' },
    code: { type: 'text' },
    problem: { type: 'text' },
  },
  examples: ['keys verify', 'keys verify --json user_id,field,code'],
  details: `Decrypts every credential and lists those that cannot be read; exits 11 if there are any. Shows no credential. Those that are not encrypted: pinnacle keys encrypt.`,
  async run(_input, ctx: Context) {
    const { verifyCredentials } = await import('../../operations/keyring/verify-credentials.ts');
    const problems = await verifyCredentials(ctx);
    return problems.length > 0 ? new Finding(problems, 'integrity') : problems;
  },
});
