import * as z from 'zod/mini';
import { choice, text } from '../../cli/flags.ts';
import { refusal } from '../../domain/file-values.ts';
import { newUserId } from '../../domain/id.ts';
import { rupeesText } from '../../domain/money.ts';
import { emailAddress, RISK_TOLERANCES } from '../../domain/user.ts';
import type { Values } from '../../platform/files/open-table.ts';

export const USER_FILE = {
  required: ['name', 'email'],
  optional: ['user_id', 'total_capital', 'risk_tolerance'],
};

const RULES = z.object({
  user_id: z.optional(newUserId),
  name: text('NAME', '', 100).schema,
  email: emailAddress,
  total_capital: z.prefault(rupeesText, '100000.00'),
  risk_tolerance: z.prefault(choice(RISK_TOLERANCES, 'LEVEL', '').schema, 'medium'),
});

/** A user of a file, by the rules of `user add`; the id is generated if omitted. */
export type UserRow = z.output<typeof RULES>;

/** Parses a user from one row of text, or returns why it is invalid. An empty field counts as missing. */
export function parseUser(values: Values): UserRow | { reason: string } {
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
  const checked = RULES.safeParse(given);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  const name = String(issue?.path[0]);
  const text = given[name];
  return {
    reason: text === undefined ? `${name} is missing` : refusal(name, { must: issue?.message ?? '' }, text),
  };
}
