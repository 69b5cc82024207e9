/** Abbreviations mean different zones to different programs: IST is India's to us, Israel's to PostgreSQL. */
const ABBREVIATION = /^(?!UTC$|GMT$)[A-Z]{2,5}$/;
const MEANT_ZONES: Readonly<Record<string, string>> = {
  IST: 'Asia/Kolkata',
  EST: 'America/New_York',
  BST: 'Europe/London',
};

/** The zone that an abbreviation stands for; undefined for any other text. */
export function fullZone(text: string): string | undefined {
  if (!ABBREVIATION.test(text)) return undefined;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions();
    return MEANT_ZONES[text] ?? timeZone;
  } catch {
    return undefined;
  }
}
