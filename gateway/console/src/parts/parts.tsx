import type { ComponentChildren, InputHTMLAttributes, SelectHTMLAttributes } from 'preact';
import { useEffect, useId } from 'preact/hooks';

export type Tone = 'good' | 'warn' | 'bad' | 'off';

/** A page: its heading is also the title of the tab. */
export function Page({
  title,
  lead,
  actions,
  children,
}: {
  title: string;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${title} · Portcullis`;
  }, [title]);
  return (
    <>
      <div class="page-head">
        <h1 tabIndex={-1}>{title}</h1>
        {actions && <div class="page-actions">{actions}</div>}
      </div>
      {lead && <p class="lead">{lead}</p>}
      {children}
    </>
  );
}

/** A part of a page under a heading. */
export function Card({
  title,
  note,
  actions,
  children,
  wide,
}: {
  title?: string;
  note?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
  wide?: boolean;
}) {
  return (
    <section class={wide ? 'card wide' : 'card'} aria-label={title}>
      {(title || actions) && (
        <div class="card-head">
          {title && <h2>{title}</h2>}
          {actions}
        </div>
      )}
      {note && <p class="note">{note}</p>}
      {children}
    </section>
  );
}

/** A state as a word with a mark, never as a colour alone. */
export function Status({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <span class={`status ${tone}`}>
      <span class="dot" aria-hidden="true" />
      {children}
    </span>
  );
}

/** Names and values. */
export function Facts({
  of,
}: {
  of: readonly (readonly [name: string, value: ComponentChildren] | undefined | false)[];
}) {
  return (
    <dl class="facts">
      {of.map(
        (fact) =>
          fact && (
            <div key={fact[0]}>
              <dt>{fact[0]}</dt>
              <dd>{fact[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

/** A table that becomes a list of cards on a phone. Numbers stand right. */
export function Table<Row>({
  label,
  columns,
  rows,
  keyOf,
  empty,
}: {
  label: string;
  columns: readonly { name: string; isNumber?: boolean; cell: (row: Row) => ComponentChildren }[];
  rows: readonly Row[];
  keyOf: (row: Row) => string | number;
  empty: ComponentChildren;
}) {
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  return (
    <table aria-label={label}>
      <thead>
        <tr>
          {columns.map(({ name, isNumber }) => (
            <th key={name} scope="col" class={isNumber ? 'number' : undefined}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map(({ name, isNumber, cell }) => (
              <td key={name} data-label={name} class={isNumber ? 'number' : undefined}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What stands where an answer is awaited, or could not be had. */
export function Waiting({ error, what }: { error: string | undefined; what: string }) {
  return error === undefined ? (
    <p class="empty" role="status">
      Asking the gateway for {what}…
    </p>
  ) : (
    <p class="said bad" role="alert">
      {error}
    </p>
  );
}

/** A label, its input and what helps to fill it in, tied together for whoever does not see them side by side. */
function Labelled({
  label,
  hint,
  children,
}: {
  label: string;
  hint: string | undefined;
  children: (ties: { readonly id: string; readonly 'aria-describedby': string | undefined }) => ComponentChildren;
}) {
  const id = useId();
  const hintId = hint === undefined ? undefined : `${id}-hint`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': hintId })}
      {hint && <small id={hintId}>{hint}</small>}
    </div>
  );
}

/** A labelled input. */
export function Field({ label, hint, ...input }: { label: string; hint?: string } & InputHTMLAttributes) {
  return (
    <Labelled label={label} hint={hint}>
      {(ties) => <input autocomplete="off" {...input} {...ties} />}
    </Labelled>
  );
}

/** A labelled choice. */
export function Choice({
  label,
  options,
  hint,
  initial,
  ...select
}: {
  label: string;
  hint?: string;
  /** Chosen at first. */
  initial?: string;
  options: readonly (readonly [value: string, text: string])[];
} & SelectHTMLAttributes) {
  return (
    <Labelled label={label} hint={hint}>
      {(ties) => (
        <select {...select} {...ties}>
          {options.map(([value, text]) => (
            <option key={value} value={value} selected={initial === undefined ? undefined : value === initial}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Labelled>
  );
}
