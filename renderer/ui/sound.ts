import { useState } from 'react';

export type Sound = 'approved' | 'declined' | 'attention';

/** Hertz and start in seconds: two rising notes, two falling, one. */
const notes: Record<Sound, readonly (readonly [hertz: number, at: number])[]> = {
  approved: [
    [659.26, 0],
    [987.77, 0.13],
  ],
  declined: [
    [440, 0],
    [293.66, 0.16],
  ],
  attention: [[587.33, 0]],
};

let audio: AudioContext | undefined;

export function soundOn(): boolean {
  return localStorage.getItem('sound') !== 'off';
}

/** Plays a sound unless sounds are off. A machine without audio stays silent. */
export function play(sound: Sound): void {
  if (!soundOn() || !('AudioContext' in globalThis)) return;
  audio ??= new AudioContext();
  const start = audio.currentTime + 0.01;
  for (const [hertz, at] of notes[sound]) {
    const note = audio.createOscillator();
    const volume = audio.createGain();
    note.frequency.value = hertz;
    note.type = 'triangle';
    volume.gain.setValueAtTime(0, start + at);
    volume.gain.linearRampToValueAtTime(0.25, start + at + 0.015);
    volume.gain.exponentialRampToValueAtTime(0.001, start + at + 0.28);
    note.connect(volume).connect(audio.destination);
    note.start(start + at);
    note.stop(start + at + 0.3);
  }
}

/** Whether sounds are on, and the switch. */
export function useSoundSwitch(): [boolean, () => void] {
  const [on, setOn] = useState(soundOn);
  return [
    on,
    () => {
      localStorage.setItem('sound', on ? 'off' : 'on');
      setOn(!on);
      if (!on) play('attention');
    },
  ];
}
