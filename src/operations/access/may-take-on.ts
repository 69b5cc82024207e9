import { type RawBuilder, sql } from 'kysely';

/** Whether the session may SET ROLE to a role, or give it what it owns: any member may, from PostgreSQL 16 on one WITH SET. */
export const mayTakeOn = (role: RawBuilder<unknown>) => sql<boolean>`
  pg_has_role(${role}, CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END)`;
