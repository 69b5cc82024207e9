/** Every check of doctor, in the order they are reported. */
export const CHECKS = [
  'connection',
  'phase',
  'scripts',
  'drift',
  'clock',
  'connections',
  'transactions',
  'replicas',
  'redis',
  'outbox',
  'lifetimes',
  'sealing',
  'orders',
  'sessions',
  'rules',
  'partitions',
  'roles',
  'keyring',
  'backup',
  'disk',
] as const;
export type CheckName = (typeof CHECKS)[number];
