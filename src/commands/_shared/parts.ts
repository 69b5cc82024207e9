/** What there is of several counts: `3 added, 1 left out`; `nothing new` where there is none. */
export function parts(counts: Readonly<Record<string, number | string | null | undefined>>): string {
  const some = Object.entries(counts).filter(([, count]) => Number(count ?? 0) > 0);
  return some.map(([what, count]) => `${count} ${what}`).join(', ') || 'nothing new';
}
