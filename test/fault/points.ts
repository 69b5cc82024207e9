import type { Cut } from './proxy.ts';

/** Writes that do not go to PostgreSQL, or not by way of the URL that the proxy stands in front of. */
const ELSEWHERE = [
  'config init',
  'demo',
  'market set',
  'market import',
  'backup create',
  'backup prune',
  'backup restore',
  // Of what it ends there is nothing but in Redis, where it is ended once.
  'user logins revoke',
  // Roles are the cluster's, not the copy's.
  'access apply',
];

export const goesToPostgres = (path: string) => !ELSEWHERE.includes(path);

/** At most so many points of a command, spread evenly: before and after messages, the server there again and away. */
export function pointsOf(messages: number, most: number): Cut[] {
  const all = Array.from(
    { length: messages * 4 },
    (_, i): Cut => ({
      message: Math.floor(i / 4) + 1,
      side: i % 2 === 0 ? 'before' : 'after',
      server: i % 4 < 2 ? 'back' : 'away',
    }),
  );
  if (all.length <= most) return all;
  // An odd stride, so that all four kinds of point come in turn.
  return Array.from({ length: most }, (_, i) => all[Math.floor(((i + 0.5) * all.length) / most)] as Cut);
}
