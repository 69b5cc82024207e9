/** What every verb is that brings Redis up to the book. */
export const catchingUp = {
  effect: 'write',
  roles: ['cron', 'operator'],
  repeat: 'resumes',
  phase: 1,
  singleInstance: true,
  args: {},
  flags: {},
} as const;
