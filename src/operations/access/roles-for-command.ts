import type { Role } from './role-grants.ts';

/** What cron does: measure, mark, end sessions of either kind, send notices, bring to Redis what waits, clear away. */
const CRON = [
  'risk check',
  'position mark',
  'session end',
  'notification send',
  'notification read',
  'audit seal',
  'realtime drain',
  'realtime rebuild',
  'user sessions revoke',
  'user sessions revoke-all',
  'retention run',
];

/** Reads of credentials and hashes, for those alone who work with them. */
const SECRET_READS = ['user credentials show', 'user credentials verify', 'user verify-key'];

/** Reads of the audit log beside those of `audit`. */
const AUDIT_READS = ['order show', 'doctor ledger'];

const ALL_ROLES: readonly Role[] = [
  'pinnacle_readonly',
  'pinnacle_operator',
  'pinnacle_cron',
  'pinnacle_auditor',
];

/**
 * The roles that may run a command, those meant for it first. Of `keys` and `user credentials` reads, too, are the
 * operator's; what changes the schema or the roles, or reads and writes all of it, is the owner's. Quotes are in Redis, whose own users decide.
 */
export function rolesFor(command: string, effect: 'read' | 'write' | 'destroy'): readonly Role[] {
  const [noun] = command.split(' ');
  if (noun === 'backup') return ['pinnacle_owner'];
  if (noun === 'market') return ALL_ROLES;
  if (noun === 'audit' && effect === 'read') return ['pinnacle_auditor', 'pinnacle_operator'];
  if (effect !== 'read' && ['migrate', 'access', 'partition'].includes(noun ?? '')) return ['pinnacle_owner'];
  if (command === 'retention plan') return ['pinnacle_cron', 'pinnacle_operator', 'pinnacle_auditor'];
  if (CRON.includes(command)) return ['pinnacle_cron', 'pinnacle_operator'];
  if (effect !== 'read' || noun === 'keys' || SECRET_READS.includes(command)) return ['pinnacle_operator'];
  if (AUDIT_READS.includes(command)) return ['pinnacle_auditor', 'pinnacle_operator'];
  return ALL_ROLES;
}
