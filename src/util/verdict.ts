/** The result of a check; `help` is the command or the step that helps, null where none is known. */
export interface Verdict {
  state: 'ok' | 'warn' | 'fail';
  detail: string;
  help: string | null;
}

export const ok = (detail: string): Verdict => ({ state: 'ok', detail, help: null });
export const warn = (detail: string, help: string | null = null): Verdict => ({
  state: 'warn',
  detail,
  help,
});
export const fail = (detail: string, help: string | null = null): Verdict => ({
  state: 'fail',
  detail,
  help,
});
