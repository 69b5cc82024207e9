import * as z from 'zod/mini';

/** A financial year, April to March, such as 2025-26: its first and its last day. */
export const financialYear = z.pipe(
  z.string().check(
    z.refine(
      (text) => /^\d{4}-\d\d$/.test(text) && (Number(text.slice(0, 4)) + 1) % 100 === Number(text.slice(5)),
      {
        error: 'must be a financial year such as 2025-26',
      },
    ),
  ),
  z.transform((text) => {
    const year = text.slice(0, 4);
    return { since: `${year}-04-01`, until: `${String(Number(year) + 1).padStart(4, '0')}-03-31` };
  }),
);
