import type { MessageRead } from '../../../contract/key.ts';
import { decodeIn, dialectManner } from '../command/message.ts';
import type { Core } from '../core.ts';

/** Takes one message of the line apart as `terminal message decode` does; its MAC is checked with the key in use. */
export function decodeLine(core: Pick<Core, 'profile' | 'link'>, hex: string): MessageRead {
  if (core.profile.link !== 'iso8583') return { ok: false, detail: 'this acquirer is spoken to over HTTPS' };
  const { session } = core.link;
  return decodeIn(hex, dialectManner(core.profile), session && ((bytes, message) => session.fits(bytes, message)));
}
