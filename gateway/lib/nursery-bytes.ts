import { getHeapSpaceStatistics } from 'node:v8';

/** Size of this thread's nursery, where what is new lives until it has survived two collections. */
export function nurseryBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;
}
