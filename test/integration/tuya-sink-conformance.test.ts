import { sinkConformance } from '../unit/delivery/sink-conformance.ts';
import { openTuyaRig } from './tuya-rig.ts';

for (const batch of [false, true]) {
  sinkConformance(`Tuya-style cloud${batch ? ', batch reports' : ''}`, async (t) => {
    const { sink, fault, clearFaults, received } = await openTuyaRig(t, { sink: { batch } });
    return {
      sink,
      goAway: () => fault({ kind: 'refuse', forMs: 60_000 }),
      comeBack: clearFaults,
      loseNextAnswer: () => fault({ kind: 'lost-answer', count: 1 }),
      effects: async () =>
        (await received()).flatMap((row) =>
          Array.from({ length: row.effects }, () => ({ id: row.key, device: row.device })),
        ),
    };
  });
}
