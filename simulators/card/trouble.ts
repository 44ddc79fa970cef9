import { type Chip, isUidCommand, readCommand } from './chip.ts';
import type { DialogueFaults } from './definition.ts';
import { hex } from './tlv.ts';

/**
 * The same card, which leaves or fails at the command that its file names. Polling by the reader is not counted. `onTorn` is
 * told when the card left after it had done what was asked.
 */
export function troubled(chip: Chip, faults: DialogueFaults, onTorn: () => void = () => undefined): Chip {
  let commands = 0;
  return {
    ...chip,
    answer(apdu) {
      const command = readCommand(apdu);
      if (command !== undefined && isUidCommand(command)) return chip.answer(apdu);
      commands += 1;
      if (commands === faults.tornAt) return undefined;
      const answer = chip.answer(apdu);
      if (commands === faults.tornAfter) {
        onTorn();
        return undefined;
      }
      if (commands !== faults.at?.apdu) return answer;
      switch (faults.at.does) {
        case 'silent':
          return 'silent';
        case 'garbage':
          return hex('DEADBEEF000102039000');
        case 'short':
          return hex('90');
        case 'nothing':
          return hex('9000');
      }
    },
  };
}
