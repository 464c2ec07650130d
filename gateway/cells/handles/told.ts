/** Why a handle did not do what was asked. The codes are those of the run-time family in docs/contracts.md. */
export type HandleCode =
  /** Beyond the contract. */
  | 'PC-R207'
  /** The name points to an address that the contract does not name. */
  | 'PC-R208'
  /** Over a limit of size, rate or number. */
  | 'PC-R209'
  /** No such handle, or no longer. */
  | 'PC-R210'
  /** The far side failed. */
  | 'PC-R211';

/** What became of one ask. `detail` is the gateway's own sentence, without a value that the plugin gave. */
export type Told =
  | { readonly is: 'done'; readonly value: unknown }
  | { readonly is: 'refused'; readonly code: HandleCode; readonly detail: string };

export function done(value: unknown = {}): Told {
  return { is: 'done', value };
}

export function refused(code: HandleCode, detail: string): Told {
  return { is: 'refused', code, detail };
}
