import type { Logger } from 'pino';
import { z } from 'zod';
import { PortcullisError } from '../../../../contracts/errors.ts';
import type { Ingest } from '../../../../contracts/pipeline.ts';
import type { TableStore, Write } from '../../../../contracts/table-set.ts';
import { tell } from '../../../observability/channels.ts';
import type { TuyaLink } from '../link.ts';
import { envelopeOf, type ScaleTeacher } from './scales.ts';
import { frameSchema, openFrame, type QueueFrame } from './queue-frame.ts';

/** What one poll brings; a longer answer is refused as a whole, and its messages come again. */
export const messagesSchema = z.object({ messages: z.array(frameSchema).max(500) });

export interface MessagesDownOptions {
  readonly link: TuyaLink;
  readonly store: TableStore;
  readonly ingest: Ingest;
  readonly secret: string;
  readonly scales: ScaleTeacher;
  readonly log: Logger;
}

/** Ids that are remembered, so that a message that comes again has no second effect. */
const maxRemembered = 10_000;
const ackWithinMs = 10_000;

const id = z.string().regex(/^[\w-]{1,64}$/);
const ids = {
  devId: id.optional(),
  productId: id.optional(),
  productKey: id.optional(),
  dataId: z.string().min(1).max(128).optional(),
};
/** Ids stand beside the content (protocol 4, 20) or in `bizData` (protocol 1000, 1001). */
const messageSchema = z.object({
  ...ids,
  bizCode: z
    .string()
    .regex(/^\w{1,64}$/)
    .optional(),
  bizData: z.object(ids).optional(),
});

/**
 * Takes messages of devices that Tuya knows and we do not: each becomes an envelope with the topic
 * `tuya/<device>/<what>`, and its id is remembered in the same commit. Acknowledged to the queue once all of them are
 * durable; what can never be read is refused once and acknowledged too. Rejects when something could not be kept.
 */
export async function takeMessages(
  { messages }: z.infer<typeof messagesSchema>,
  options: MessagesDownOptions,
  signal: AbortSignal,
): Promise<void> {
  for (const frame of messages) {
    const reason = await takeFrame(frame, options, signal);
    if (reason !== undefined) tell('dropped', { stage: 'tuya-messages', reason, count: 1 });
  }
  if (messages.length === 0) return;
  const { link } = options;
  const payload = JSON.stringify({ message_ids: messages.map(({ messageId }) => messageId) });
  const call = { method: 'POST', target: '/v1.0/iot-03/3rdcloud/messages/ack', payload } as const;
  await link.caller.call('command', call, { urgent: true, signal, until: link.clock.monoMs() + ackWithinMs });
}

/** Why a message went no further; undefined when it is stored. */
async function takeFrame(
  frame: QueueFrame,
  options: MessagesDownOptions,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { link, store, ingest } = options;
  const opened = open(frame, options);
  if (opened === undefined) return 'unreadable';
  const { device, what, key, payload, product } = opened;
  // What we report ourselves comes back through the queue of the project.
  if ((await link.book.deviceOf(device)) !== undefined) return 'own-device';
  if ((await store.read('tuya.message', [key])).length > 0) return 'again';
  if (product !== undefined) await options.scales.teach(product, device, signal);
  await ingest(envelopeOf(`tuya/${device}/${what}`, payload, link.clock.wallMs()), remember(key));
  return undefined;
}

const remember = (key: string): readonly Write[] => [
  { statement: 'tuya.save_message', params: [key] },
  { statement: 'tuya.forget_messages', params: [maxRemembered] },
];

function open(frame: QueueFrame, { secret, log }: MessagesDownOptions) {
  try {
    const { protocol, data } = openFrame(frame, secret);
    const message = messageSchema.parse(data);
    const device = message.bizData?.devId ?? message.devId;
    if (device === undefined) throw new PortcullisError('DECODE_FAILED', 'A message of the queue names no device.');
    const key = message.bizData?.dataId ?? message.dataId ?? frame.messageId;
    const { productId, productKey } = { ...message, ...message.bizData };
    return {
      product: productId ?? productKey,
      device,
      what: message.bizCode ?? `protocol${protocol}`,
      key,
      payload: JSON.stringify(data),
    };
  } catch (error) {
    tell('rejected', { stage: 'tuya-messages', reason: 'unreadable', count: 1 });
    log.warn(
      { messageId: frame.messageId },
      error instanceof PortcullisError ? error.message : 'odd message of the queue',
    );
    return undefined;
  }
}
