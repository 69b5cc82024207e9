import { resolve } from 'node:path';
import { defineCommand } from '../../cli/command.ts';
import { duration, optional, parsed, requiredUnless, text, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { instant, minuteText } from '../../domain/instant.ts';
import type { SchemaPhase } from '../../platform/postgres/schema-phase.ts';
import { refused, usage } from '../../util/failure.ts';
import { isShown, outputFileFlag, secretAnswer, withNewSecret } from './issue-secret.ts';
import { sayLogout } from './logins/warn-logout.ts';
import { rotateAll } from './rotate-all.ts';

const MAX_GRACE_MS = 30 * 86_400_000;

export const rotateKey = defineCommand({
  effect: 'write',
  phase: 1,
  entries: 'each',
  args: { user: requiredUnless('all', parsed(userId, 'USER', 'the user')) },
  flags: {
    all: toggle('every enabled user'),
    to: optional(text('FOLDER', 'with --all: write each key to a file of its own in this folder', 4_096)),
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
  answer: ({ user_id, api_key, output_file, grace_until }) => {
    const { kept, once } = secretAnswer('new API key', api_key, output_file);
    const before =
      grace_until === null
        ? 'the one before has ended'
        : `the one before works until ${minuteText(grace_until)}`;
    return {
      done: `Replaced the API key of ${user_id}, ${before}${kept}`,
      once,
      next: ['user', 'show', user_id],
    };
  },
  examples: [
    'user rotate-key trader_001',
    'user rotate-key trader_001 --grace 24h --output-file trader_001.key',
    'user rotate-key trader_001 --grace 24h --json api_key',
    'user rotate-key --all --to keys --grace 24h',
  ],
  details: `${isShown('api_key')} Without --grace every previous key ends at once, including those that an earlier
rotation still accepts, and so do the user's sessions; with it sessions continue, at most 7 days from their login. --all replaces the keys of everyone who is enabled
in one transaction, and writes each to FOLDER/USER.key, which only you can read and is never replaced. It is safe to repeat: whose
file there has the key in force keeps it.`,
  async run({ user, all, to, grace, outputFile }, ctx: Context) {
    if (all ? user !== undefined || outputFile !== undefined : to !== undefined)
      throw usage(
        'A USER takes --output-file, and --all takes --to.',
        'For example: pinnacle user rotate-key --all --to keys',
      );
    if (grace !== undefined) checkGrace(grace, await ctx.phase());
    const graceUntil = grace === undefined ? null : instant(new Date(ctx.now().getTime() + grace));
    if (user === undefined) {
      if (to === undefined) throw usage('--all needs --to FOLDER for the files with the keys.');
      return rotateAll(ctx, resolve(ctx.cwd, to), graceUntil);
    }
    const { rotateApiKey } = await import('../../trading/users/end-keys.ts');
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
