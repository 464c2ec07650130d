import { acceptAll, keepAll, ScriptedSink } from './scripted-sink.ts';
import { sinkConformance, type Effect } from './sink-conformance.ts';
import { PortcullisError } from '../../../contracts/errors.ts';

sinkConformance('the sink that the loop is tested with', async () => {
  const sink = new ScriptedSink();
  const effects: Effect[] = [];
  const there: typeof sink.script = (batch, signal) => {
    for (const { message } of batch.items) {
      if (!effects.some((effect) => effect.id === message.id)) effects.push({ id: message.id, device: message.dev.id });
    }
    return acceptAll(batch, signal);
  };
  sink.script = there;
  return {
    sink,
    goAway: async () => {
      sink.script = keepAll('transient');
      sink.onConnect = () => Promise.reject(new PortcullisError('SINK_UNAVAILABLE', 'The far side is away.'));
    },
    comeBack: async () => {
      sink.script = there;
      sink.onConnect = async () => {};
    },
    loseNextAnswer: async () => {
      sink.script = async (batch, signal) => {
        await there(batch, signal);
        sink.script = there;
        return keepAll('transient')(batch, signal);
      };
    },
    effects: async () => effects,
  };
});
