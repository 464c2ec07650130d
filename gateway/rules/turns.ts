/** Lets steps of the same key go one after the other. */
export function turns() {
  const last = new Map<string, Promise<unknown>>();
  return <Result>(key: string, step: () => Promise<Result>): Promise<Result> => {
    const turn = (last.get(key) ?? Promise.resolve()).then(step);
    const over = turn
      .catch(() => undefined)
      .then(() => {
        if (last.get(key) === over) last.delete(key);
      });
    last.set(key, over);
    return turn;
  };
}
