import { type Chip, isUidCommand, readCommand, type Stage, sw } from './chip.ts';
import type { OtherDefinition } from './definition.ts';
import { hex } from './tlv.ts';

const uid = hex('04A23C5D');
const transitAid = hex('A0000006320101');

/** A list that ends before it has said what it promised, and one that is no list at all. */
const nonsense = [hex('6F 40 84 0E 32 50 41 59 9000'), hex('FF FF FF FF FF FF 9000')];

/** Cards that are no payment cards: storage cards, transit cards, and one that answers nonsense. */
export function plainChip(card: OtherDefinition): Chip {
  let stage: Stage = 'idle';
  let answers = 0;
  return {
    atr: hex(card.atr),
    mute: card.kind === 'storage',
    reset() {
      stage = 'idle';
    },
    stage: () => stage,
    answer(apdu) {
      const command = readCommand(apdu);
      if (command === undefined) return hex(sw.wrongLength);
      if (isUidCommand(command)) {
        return command.p1 === 0 ? Buffer.concat([uid, hex(sw.ok)]) : hex(sw.noFunction);
      }
      stage = 'selected';
      if (card.kind === 'storage') return hex(sw.noFunction);
      if (card.kind === 'garbage') {
        answers += 1;
        return nonsense[answers % 2 === 1 ? 0 : 1] ?? hex(sw.noFunction);
      }
      if (command.ins === 0xa4) return hex(command.data.equals(transitAid) ? sw.ok : sw.noFile);
      return hex(sw.noInstruction);
    },
  };
}
