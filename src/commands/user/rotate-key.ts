import { defineCommand } from '../../cli/command.ts';
import { duration, optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import type { SchemaPhase } from '../../platform/postgres/schema-phase.ts';
import { refused, usage } from '../../util/failure.ts';
import { isShown, outputFileFlag, withNewSecret } from './issue-secret.ts';
import { sayLogout } from './logins/warn-logout.ts';

const MAX_GRACE_MS = 30 * 86_400_000;

export const rotateKey = defineCommand({
  effect: 'write',
  phase: 1,
  args: { user: parsed(userId, 'USER', 'the user') },
  flags: {
    grace: optional(duration('how long the replaced key is still accepted, at most 30d')),
    outputFile: outputFileFlag('api_key'),
  },
  fields: {
    user_id: { type: 'text' },
    api_key: { type: 'text', secret: true },
    output_file: { type: 'text' },
    grace_until: { type: 'time' },
    grace_ended: { type: 'integer' },
  },
  examples: [
    'user rotate-key trader_001',
    'user rotate-key trader_001 --grace 24h --output-file trader_001.key',
    'user rotate-key trader_001 --grace 24h --json api_key',
  ],
  details: `${isShown('api_key')} Without --grace every previous key ends at once, including those that an earlier
rotation still accepts, and so do the user's sessions; with it sessions continue, at most 7 days from their login.`,
  async run({ user, grace, outputFile }, ctx: Context) {
    const { rotateApiKey } = await import('../../trading/users/end-keys.ts');
    if (grace !== undefined) checkGrace(grace, await ctx.phase());
    const graceUntil = grace === undefined ? null : instant(new Date(ctx.now().getTime() + grace));
    const result = await withNewSecret(ctx, 'api_key', outputFile, (hash, shown) =>
      rotateApiKey(ctx, user, { hash, graceUntil, shown }),
    );
    if (graceUntil === null) await sayLogout(ctx, user);
    return result;
  },
});

function checkGrace(grace: number, phase: SchemaPhase): void {
  if (grace === 0 || grace > MAX_GRACE_MS) throw usage('--grace must be more than 0 and at most 30d.');
  if (phase < 4)
    throw refused(
      'PHASE_NEEDED',
      '--grace needs phase 4 of the schema: before it a replaced key ends at once.',
      'Run: pinnacle migrate up',
    );
}
