import type { World } from '../world/world.ts';
import { openHttpsLink } from './https/link.ts';
import { openIsoLink } from './iso8583.ts';
import type { AcquirerLink } from './link.ts';
import type { AcquirerProfile } from './profile.ts';

type Open = (
  world: Pick<World, 'clock' | 'network' | 'random'>,
  profile: AcquirerProfile,
  zone: string,
) => AcquirerLink;

/** One line for each way in which an acquirer can be spoken to. */
const links: Readonly<Record<AcquirerProfile['link'], Open>> = {
  iso8583: openIsoLink,
  https: openHttpsLink,
};

/** Opens the link that the profile asks for. Throws RangeError for a zone that does not exist, and without a master key. */
export const openLink: Open = (world, profile, zone) => links[profile.link](world, profile, zone);
