/** What one check found. `mend` says what to do and is there whenever the state is not `ok`. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly says: string;
  readonly mend?: string;
}

export const ok = (check: string, says: string): Finding => ({ check, state: 'ok', says });
export const warn = (check: string, says: string, mend: string): Finding => ({ check, state: 'warn', says, mend });
export const fail = (check: string, says: string, mend: string): Finding => ({ check, state: 'fail', says, mend });

/** The short reason of a failed system call, for example EACCES. */
export const systemCode = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);
