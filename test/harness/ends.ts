/** Who ends what a helper started: node:test's context, or a stack of its own where no test runs. */
export interface Ends {
  after(run: () => unknown): void;
}

export const endsOf = (stack: AsyncDisposableStack): Ends => ({
  after: (run) => stack.defer(async () => void (await run())),
});
