import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';

interface Doing {
  readonly isBusy: boolean;
  /** How the last one ended, in a sentence. */
  readonly said: { readonly tone: 'good' | 'bad'; readonly text: string } | undefined;
  run(what: () => Promise<string | void>): Promise<boolean>;
}

/** Runs one thing at a time and keeps how it ended; what it returns is said. */
export function useDoing(): Doing {
  const [isBusy, setBusy] = useState(false);
  const [said, say] = useState<Doing['said']>(undefined);
  const run = async (what: () => Promise<string | void>): Promise<boolean> => {
    setBusy(true);
    say(undefined);
    try {
      const text = await what();
      say(text ? { tone: 'good', text } : undefined);
      return true;
    } catch (error) {
      say({ tone: 'bad', text: (error as Error).message });
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, said, run };
}

export function Said({ said }: { said: Doing['said'] }) {
  return (
    <p class={said ? `said ${said.tone}` : 'said none'} role={said?.tone === 'bad' ? 'alert' : 'status'}>
      {said?.text}
    </p>
  );
}

/** A button that says what it is doing, and how it ended. With `sure` it asks back first. */
export function Act({
  children,
  busy,
  run,
  kind,
  sure,
  isOff,
}: {
  children: ComponentChildren;
  /** Not yet to be had. */
  isOff?: boolean;
  /** Said while it runs. */
  busy: string;
  run: () => Promise<string | void>;
  kind?: 'main' | 'danger' | 'quiet';
  sure?: string;
}) {
  const doing = useDoing();
  const [isAsking, ask] = useState(false);
  const start = (): void => {
    ask(false);
    void doing.run(run);
  };
  return (
    <span class="act">
      {isAsking ? (
        <span class="sure" role="group" aria-label={sure}>
          {sure}
          <button type="button" class="danger" onClick={start}>
            Yes
          </button>
          <button type="button" class="quiet" onClick={() => ask(false)}>
            No
          </button>
        </span>
      ) : (
        <button
          type="button"
          class={kind}
          disabled={doing.isBusy || isOff}
          onClick={() => (sure ? ask(true) : start())}
        >
          {doing.isBusy ? busy : children}
        </button>
      )}
      {doing.said && <Said said={doing.said} />}
    </span>
  );
}

function textOf(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

/** What stands in a form, by name. */
export function fieldsOf(form: HTMLFormElement): (name: string) => string {
  const data = new FormData(form);
  return (name) => textOf(data, name);
}

/** Words with spaces or commas between them. */
export const wordsOf = (text: string): string[] => text.split(/[\s,]+/).filter((one) => one !== '');

/** A form that sends its fields, says what it is doing, and how it ended. It is emptied when that went well, unless it `stays`. */
export function Form({
  children,
  submit,
  busy,
  send,
  onDone,
  isInline,
  stays,
  kind = 'main',
  more,
}: {
  children: ComponentChildren;
  submit: string;
  busy: string;
  send: (field: (name: string) => string) => Promise<string | void>;
  onDone?: () => void;
  isInline?: boolean;
  stays?: boolean;
  kind?: 'main' | 'danger';
  /** Beside the button. */
  more?: ComponentChildren;
}) {
  const doing = useDoing();
  return (
    <form
      class={isInline ? 'inline' : undefined}
      onSubmit={(event) => {
        event.preventDefault();
        const form = event.currentTarget;
        const field = fieldsOf(form);
        void doing
          .run(() => send(field))
          .then((went) => {
            if (!went) return;
            if (!stays) form.reset();
            onDone?.();
          });
      }}
    >
      {children}
      <div class="form-end">
        <button type="submit" class={kind} disabled={doing.isBusy}>
          {doing.isBusy ? busy : submit}
        </button>
        {more}
        <Said said={doing.said} />
      </div>
    </form>
  );
}
