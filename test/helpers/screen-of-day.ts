import type { DayInDatabase, Part } from './day-in-database.ts';

/** Where a screen with room for everything differs from a day, in a line each. */
export function differences(lines: readonly string[], day: DayInDatabase): string[] {
  const { parts, ages } = shownOn(lines);
  const needsNobody = day.parts['NEEDS YOU']?.rows.length === 0 && !parts.has('NEEDS YOU');
  return [
    ...differ('clock', lines[0]?.match(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/)?.[0], day.clock),
    ...differ('money', lines[1], day.money),
    ...differ('counts', lines[2], day.counts),
    ...differ('ages', ages?.slice(0, day.ages.length), day.ages),
    ...Object.entries(day.parts)
      .filter(([name]) => name !== 'NEEDS YOU' || !needsNobody)
      .flatMap(([name, part]) => [
        ...differ(`${name}, its rows`, parts.get(name)?.rows.length, part.rows.length),
        ...differencesOfPart(name, parts.get(name), part),
      ]),
  ];
}

/** Where one that has room for the first rows of one part only does: texts may be cut, and columns left out. */
export function differencesOfSmall(lines: readonly string[], day: DayInDatabase): string[] {
  const shown = [...shownOn(lines).parts];
  return [
    ...differ('money', lines[1], day.money),
    ...differ('counts', lines[2], day.counts),
    ...differ('parts', shown.length, 1),
    ...shown.flatMap(([name, part]) => {
      const rows = day.parts[name]?.rows ?? [];
      return [
        ...differ(`${name}, its rows`, part.rows.length > 0, rows.length > 0),
        ...differencesOfPart(name, part, {
          count: day.parts[name]?.count ?? '',
          rows: rows.slice(0, part.rows.length),
        }),
      ];
    }),
  ];
}

const differencesOfPart = (name: string, shown: Part | undefined, must: Part): string[] => [
  ...differ(name, shown?.count, must.count),
  ...must.rows.flatMap((row, i) =>
    Object.entries(shown?.rows[i] ?? {}).flatMap(([column, cell]) =>
      differ(`${name} ${i} ${column}`, cell, row[column] ?? 'no such column'),
    ),
  ),
];

function differ(what: string, is: unknown, must: unknown): string[] {
  const isCut = String(is).endsWith('…') && String(must).startsWith(String(is).slice(0, -1));
  return is === must || isCut ? [] : [`${what}: shows ${is}, is ${must}`];
}

/** The tables of a screen, and the line of ages. */
function shownOn(lines: readonly string[]) {
  const parts = new Map<string, Part>();
  let [heads, rows]: [readonly string[], Part['rows'] | undefined] = [[], undefined];
  for (const line of lines.map((each) => each.trimEnd())) {
    const [, name = '', rest = ''] =
      /^[* ] (NEEDS YOU|TRADERS|WORKING|FILLS|ALERTS) (\d.*)$/.exec(line) ?? [];
    if (name !== '') {
      const [count = '', ...names] = rest.split(/ {2,}/);
      heads = ['', ...names];
      rows = [];
      parts.set(name, { count, rows });
    } else if (/^[> ] \S/.test(line)) {
      // The bar says what the numbers after it do.
      const cells = line
        .slice(2)
        .split(/ {2,}/)
        .map((cell) => cell.replace(/^[█░.#]+ /, ''));
      rows?.push(Object.fromEntries(heads.map((name, i) => [name, cells[i] ?? ''])));
    } else rows = undefined;
  }
  return { parts, ages: lines.find((line) => line.startsWith('oldest order')) };
}
