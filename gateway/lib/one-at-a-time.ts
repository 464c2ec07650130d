import { PortcullisError } from '../../contracts/errors.ts';

/** Lets one piece of work in at a time. Whoever comes meanwhile is refused with OVERLOADED, in the words of `refusal`. */
export function oneAtATime(refusal: string): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let isBusy = false;
  return async (work) => {
    if (isBusy) throw new PortcullisError('OVERLOADED', refusal);
    isBusy = true;
    try {
      return await work();
    } finally {
      isBusy = false;
    }
  };
}
