/** What says in which time zone times of a clock are. */
export const zoneNote = (zone: string): string =>
  `Times are in ${zone}${zone === 'UTC' ? '' : '; in UTC: --utc'}`;
