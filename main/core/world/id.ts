import { v7 } from 'uuid';
import type { World } from './world.ts';

/** A UUIDv7 (RFC 9562) of the world's clock and randomness: unique, never reused, ordered by time of making (I1). */
export function newId(world: Pick<World, 'clock' | 'random'>): string {
  return v7({ msecs: world.clock.now(), random: world.random(16) });
}
