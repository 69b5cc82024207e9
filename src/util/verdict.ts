/** What a check came to; `help` is the command or the step that helps. */
export interface Verdict {
  state: 'ok' | 'warn' | 'fail';
  detail: string;
  help: string | null;
}

export const ok = (detail: string): Verdict => ({ state: 'ok', detail, help: null });
export const warn = (detail: string, help: string): Verdict => ({ state: 'warn', detail, help });
export const fail = (detail: string, help: string): Verdict => ({ state: 'fail', detail, help });
