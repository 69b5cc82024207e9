/** The fields of a row of CSV; undefined where a quote is open or out of place. */
export async function splitRow(text: string): Promise<string[] | undefined> {
  if (!text.includes('"')) return text.split(',');
  // Half of a pair: the field goes on.
  if ((text.split('"').length - 1) % 2 === 1) return undefined;
  const { parse } = await import('csv-parse/sync');
  try {
    return (parse(text, { relax_column_count: true }) as string[][])[0];
  } catch {
    return undefined;
  }
}
