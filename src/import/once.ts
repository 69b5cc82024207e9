import { CliError } from '../cli/errors.ts';

/** The failure of an import that would have to begin again, with what can be read only once. */
export function pipeSpent(): CliError {
  return new CliError(
    'busy',
    'DATABASE_BUSY',
    'The database was busy, and what comes through a pipe cannot be read a second time.',
    { hint: 'Nothing was imported. Run it again.', retryable: true },
  );
}
