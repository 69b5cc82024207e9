/** Whether PostgreSQL can hold a text: it refuses a NUL, even in a value that is only compared. */
export const isStorable = (text: string): boolean => !text.includes('\0');
