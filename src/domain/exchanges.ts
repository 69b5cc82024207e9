/** The exchanges and segments of the broker that orders can name: shares, derivatives, currencies, commodities. */
export const EXCHANGES = ['NSE', 'BSE', 'NFO', 'BFO', 'CDS', 'MCX'] as const;
export type Exchange = (typeof EXCHANGES)[number];

/** The series in which shares trade at NSE, the one that a symbol means first. */
export const SHARE_SERIES = ['EQ', 'BE', 'BZ', 'SM', 'ST', 'SZ', 'BL', 'IL'] as const;
