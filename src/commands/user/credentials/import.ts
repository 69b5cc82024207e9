import { defineCommand } from '../../../cli/command.ts';
import { inputFile } from '../../../cli/flags.ts';
import type { Context } from '../../../context.ts';
import { pluralize } from '../../../util/text.ts';

export const importCredentialFile = defineCommand({
  effect: 'write',
  repeat: 'resumes',
  entries: 'each',
  phase: 1,
  args: { file: inputFile('CSV that only you can read, or - for stdin') },
  flags: {},
  fields: {
    users: { type: 'integer' },
    credentials: { type: 'integer' },
    unchanged: { type: 'integer' },
    key_id: { type: 'text' },
  },
  answer: ({ users, credentials, unchanged, key_id }) => ({
    done: `Stored ${pluralize(Number(credentials), 'credential')} of ${pluralize(Number(users), 'user')}${unchanged ? `, ${unchanged} as before` : ''}, encrypted with key ${key_id}`,
    next: ['keys', 'verify'],
  }),
  examples: ['user credentials import credentials.csv', 'user credentials import - < credentials.csv'],
  details: `Columns: user_id, and any of broker_api_key, broker_secret, broker_token, broker_totp; an empty field stays as it is. The whole file is
checked before anything is stored, and all of it is stored in one transaction, encrypted with the active key of the key ring. It is
safe to repeat: what is stored already is counted and stays. Messages name lines and columns, never a value. Refuses a file that others can
read (exit 11). Remove the file afterwards.`,
  async run({ file }, ctx: Context) {
    const { importCredentials } = await import('../../../operations/keyring/import-credentials.ts');
    return importCredentials(ctx, file);
  },
});
