import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  show: verb(
    'Show what the schema refuses, and which rows break it',
    async () => (await import('./show.ts')).show,
  ),
  strict: verb(
    'Let the database keep every rule of the book',
    async () => (await import('./strict.ts')).strict,
  ),
  shared: verb(
    'Let other services write what the tables allow',
    async () => (await import('./shared.ts')).shared,
  ),
  compat: verb(
    'Name the enum types as other services expect',
    async () => (await import('./compat.ts')).compat,
  ),
};
