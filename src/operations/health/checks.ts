import type { Check } from './check.ts';
import { ALERT_CHECKS } from './checks-alerts.ts';
import { HOST_CHECKS } from './checks-host.ts';
import { POSTGRES_CHECKS } from './checks-postgres.ts';
import { REDIS_CHECKS } from './checks-redis.ts';
import { TRADING_CHECKS } from './checks-trading.ts';
import { WRITER_CHECKS } from './checks-writers.ts';

/** Every check of `pinnacle doctor`, in the order they run and are reported. */
export const CHECKS: readonly Check[] = [
  ...POSTGRES_CHECKS,
  ...REDIS_CHECKS,
  ...TRADING_CHECKS,
  ...WRITER_CHECKS,
  ...ALERT_CHECKS,
  ...HOST_CHECKS,
];
