/** Things that one borrower at a time may have, by name. */
export interface Loans {
  has(name: string): boolean;
  /**
   * Lends what `open` gives until it is disposed, or closes by itself. A second end does nothing: the name may be lent to
   * somebody else by then. Rejects as `open` does, with nothing lent.
   */
  lend<Thing extends AsyncDisposable>(
    name: string,
    onClosed: (why: string) => void,
    open: (onClosed: (why: string) => void) => Promise<Thing>,
  ): Promise<Thing>;
}

export function openLoans(): Loans {
  const lent = new Set<string>();
  return {
    has: (name) => lent.has(name),
    async lend(name, onClosed, open) {
      lent.add(name);
      let isLent = true;
      const giveBack = (): void => {
        if (isLent) lent.delete(name);
        isLent = false;
      };
      try {
        const thing = await open((why) => {
          giveBack();
          onClosed(why);
        });
        return {
          ...thing,
          async [Symbol.asyncDispose]() {
            await thing[Symbol.asyncDispose]();
            giveBack();
          },
        };
      } catch (error) {
        giveBack();
        throw error;
      }
    },
  };
}
