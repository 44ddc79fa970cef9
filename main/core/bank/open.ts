import { openHttpsLink } from './https/link.ts';
import { openIsoLink } from './iso8583.ts';
import type { AcquirerProfile } from './profile.ts';
import { type OpenLink, RekeyedLink } from './rekey.ts';
import { Witness } from './witness.ts';

/** One line for each way in which an acquirer can be spoken to. */
const links: Readonly<Record<AcquirerProfile['link'], OpenLink>> = {
  iso8583: openIsoLink,
  https: openHttpsLink,
};

/** Opens the link that the profile asks for; without a master key it waits for one. Throws RangeError for a zone that does not exist. */
export const openLink: OpenLink = (world, profile, zone) => {
  const witness = new Witness();
  const watched = {
    clock: world.clock,
    random: (length: number) => world.random(length),
    network: witness.over(world.network),
  };
  return new RekeyedLink(links[profile.link], watched, profile, zone, witness);
};
