import type { Readable } from 'node:stream';
import { z } from 'zod';
import {
  keptPassportSchema,
  passphraseSchema,
  passportFoundSchema,
  passportStateSchema,
  type KeptPassport,
  type PassportFound,
  type PassportState,
} from '../../contracts/passport.ts';
import { maxPartBytes } from '../lib/append-part.ts';
import { route, type Route } from './route.ts';

/** What the API asks of those who make and take passports. */
export interface PassportModel {
  state(): PassportState;
  make(passphrase: string): Promise<KeptPassport>;
  file(): Promise<{ readonly content: Readable; readonly bytes: number; readonly name: string }>;
  receive(offset: number, body: Readable): Promise<{ readonly bytes: number }>;
  arrive(passphrase: string): Promise<PassportFound>;
  withdraw(): Promise<void>;
}

const path = '/api/v1/system/passport';
const needs = 'passport.handle';
/** In a body, never in an address. */
const passphrase = z.strictObject({ passphrase: passphraseSchema });

/** The whole gateway in one encrypted file, and another one in its place. For administrators. */
export function passportRoutes(model: PassportModel): Route[] {
  return [
    route({
      method: 'GET',
      path,
      summary: 'The passport that was made since the start, and the one that waits for the next start.',
      needs,
      input: z.object({}),
      result: passportStateSchema,
      handle: async () => model.state(),
    }),
    route({
      method: 'POST',
      path,
      summary:
        'Makes a passport and restores it in a scratch folder to prove it; the answer is what was found there. It is kept until the next one or the next start.',
      needs,
      input: passphrase,
      result: keptPassportSchema,
      handle: (input) => model.make(input.passphrase),
    }),
    route({
      method: 'GET',
      path: `${path}/file`,
      summary: 'The passport that was made, encrypted: a tar in an age file.',
      needs,
      produces: 'application/octet-stream',
      input: z.object({}),
      result: z.string(),
      handle: async (_input, { header }) => {
        const { content, bytes, name } = await model.file();
        header('content-disposition', `attachment; filename="${name}"`);
        header('content-length', String(bytes));
        return content;
      },
    }),
    route({
      method: 'POST',
      path: `${path}/arrival/parts`,
      summary: 'Takes a part of a passport, at most 1 MiB, in order; the one at 0 begins anew.',
      needs,
      upload: { contentType: 'application/octet-stream', maxBytes: maxPartBytes },
      input: z.strictObject({ offset: z.coerce.number().int().nonnegative() }),
      result: z.object({ bytes: z.number() }),
      handle: ({ offset }, { body }) => model.receive(offset, body),
    }),
    route({
      method: 'POST',
      path: `${path}/arrival`,
      summary:
        'Proves the passport that was sent and lays it down: at its next start the gateway is the one of the passport, and keeps what it was beside it.',
      needs,
      status: 202,
      input: passphrase,
      result: passportFoundSchema,
      handle: (input) => model.arrive(input.passphrase),
    }),
    route({
      method: 'DELETE',
      path: `${path}/arrival`,
      summary: 'Takes back a passport that waits for the next start.',
      needs,
      input: z.object({}),
      result: passportStateSchema,
      handle: async () => {
        await model.withdraw();
        return model.state();
      },
    }),
  ];
}
