import { unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { defineCommand } from '../cli/command.ts';
import { CliError, refused, usage } from '../cli/errors.ts';
import { duration, identifier, optional, text } from '../cli/flags.ts';
import type { Context } from '../context.ts';
import { createSecretFile } from '../secrets/file.ts';
import { generateApiKey, hashApiKey } from './api-key.ts';

const LONGEST_GRACE = 30 * 86_400_000;

export const rotateKey = defineCommand({
  effect: 'write',
  phase: 1,
  args: { user: identifier('USER', 'the trader') },
  flags: {
    grace: optional(duration('how long the key before is still accepted, at most 30d')),
    outputFile: optional(text('FILE', 'write the key to this new file, which only you can read', 4_096)),
  },
  fields: {
    user_id: { type: 'text' },
    api_key: { type: 'text' },
    output_file: { type: 'text' },
    grace_until: { type: 'time' },
    grace_ended: { type: 'integer' },
  },
  examples: [
    'user rotate-key trader_001',
    'user rotate-key trader_001 --grace 24h --output-file trader_001.key',
    'user rotate-key trader_001 --grace 24h --json api_key',
  ],
  details: `The key is shown this once: on a terminal, with --json, or in --output-file and then nowhere else. Into a pipe or a log it
is not written unless --json asks for it. Without --grace every key before ends at once, also those that an earlier
rotation still accepts.`,
  async run({ user, grace, outputFile }, ctx: Context) {
    const { replaceKey } = await import('./key-store.ts');
    if (outputFile === undefined && !ctx.shows('api_key'))
      throw usage(
        'The new key would be shown to nobody, or be left in a log.',
        'Say where it is to go: --output-file FILE, or --json.',
      );
    const phase = await ctx.phase();
    if (grace !== undefined) checkGrace(grace, phase);
    const now = ctx.now();
    const graceUntil = grace === undefined ? null : new Date(now.getTime() + grace).toISOString();
    const key = generateApiKey();
    const file = outputFile === undefined ? null : resolve(ctx.cwd, outputFile);
    const shown = file === null && !ctx.dryRun ? key : null;
    const drop = file && !ctx.dryRun ? await deposit(file, key) : undefined;
    return ctx
      .change(async (trx) => {
        const at = { now: now.toISOString(), graceUntil, phase };
        const ended = await replaceKey(trx, user, hashApiKey(key), at);
        const told = { grace_until: graceUntil, grace_ended: ended };
        return {
          result: { user_id: user, api_key: shown, output_file: file, ...told },
          audit: { target: `user ${user}`, body: { api_key: 'replaced', ...told } },
        };
      })
      .catch(async (error) => {
        // Where nobody knows whether the key is in force, it is kept.
        if (!(error instanceof CliError && error.kind === 'unknown')) await drop?.();
        throw error;
      });
  },
});

function checkGrace(grace: number, phase: number): void {
  if (grace === 0 || grace > LONGEST_GRACE) throw usage('--grace must be more than 0 and at most 30d.');
  if (phase < 4)
    throw refused(
      'PHASE_NEEDED',
      '--grace needs phase 4 of the schema: before it a replaced key ends at once.',
      'Run: pinnacle migrate up',
    );
}

/** Writes the key to a new file before it is in force: it must be in somebody's hands then. Gives what takes it back. */
async function deposit(file: string, key: string): Promise<() => Promise<void>> {
  await createSecretFile(file, `${key}\n`).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST')
      throw refused('FILE_EXISTS', `There is already a file ${file}.`, 'Name one that does not exist.');
    throw usage(`The file ${file} cannot be made (${error.code}).`);
  });
  return () => unlink(file).catch(() => {});
}
