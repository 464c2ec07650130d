import { once } from 'node:events';
import { setPriority } from 'node:os';
import { PortcullisError } from '../contracts/errors.ts';
import { passportParts } from './passport-parts.ts';
import type { DeskOrder, DeskResult } from './passport/desk.ts';
import { makePassport } from './passport/make.ts';
import { prepareArrival } from './passport/prepare-arrival.ts';

/** Devices get their acknowledgements first. */
const gentle = 10;

// What it makes is for the gateway that asked: after that one's end it would be at work in the folder of the next.
process.once('disconnect', () => process.exit());

const [order] = (await once(process, 'message')) as [DeskOrder];
const answer = (result: DeskResult): void => void process.send?.(result);

setPriority(gentle);
try {
  if ('make' in order) answer({ made: await makePassport(order.make, passportParts) });
  else answer({ came: await prepareArrival(order.arrive, passportParts) });
} catch (error) {
  const { code, message } = error instanceof PortcullisError ? error : new PortcullisError('INTERNAL', String(error));
  answer({ refused: { code, message } });
}
process.disconnect();
