import { test } from 'node:test';
import { targets } from '../../scripts/cross-build/targets.ts';
import { tryOn } from '../harness/arm-smoke.ts';

test('on armhf the messages of a device reach the cloud, and every shipped plugin fits its contract there', (t) =>
  tryOn(t, targets.armhf));
