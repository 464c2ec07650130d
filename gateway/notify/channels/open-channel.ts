import type { Channel } from './channel.ts';
import type { EmailOptions } from './email.ts';
import { openMqttChannel, type MqttChannelOptions, type Publish } from './mqtt.ts';
import type { NtfyOptions } from './ntfy.ts';
import type { Words } from './render.ts';
import type { WebhookOptions } from './webhook.ts';

export type ChannelOptions = EmailOptions | MqttChannelOptions | NtfyOptions | WebhookOptions;

/** Mail and HTTP clients are large: they are loaded for a channel that needs them. Throws CONFIG_INVALID. */
export async function openChannel(
  options: ChannelOptions,
  words: Words,
  { publish, wallMs }: { readonly publish: Publish; readonly wallMs: () => number },
): Promise<Channel> {
  if (options.kind === 'mqtt') return openMqttChannel(options, words, publish);
  if (options.kind === 'email') return (await import('./email.ts')).openEmail(options, words);
  if (options.kind === 'ntfy') return (await import('./ntfy.ts')).openNtfy(options, words);
  return (await import('./webhook.ts')).openWebhook(options, words, wallMs);
}
