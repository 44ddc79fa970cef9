// Draws the app's icon: three waves leaving a tap, on teal. node build/icons.ts writes build/icons/*.png.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';

const teal = [15, 118, 110] as const;
const white = [255, 255, 255] as const;

/** How far a point lies outside a square with round corners that fills the unit square; negative inside. */
function square(x: number, y: number): number {
  const radius = 0.22;
  const dx = Math.abs(x - 0.5) - (0.46 - radius);
  const dy = Math.abs(y - 0.5) - (0.46 - radius);
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - radius;
}

/** How far a point lies outside the mark: a dot and three arcs with round ends, opening to the right. */
function mark(x: number, y: number): number {
  const cx = 0.27;
  const cy = 0.5;
  const half = 0.034;
  const reach = 0.76;
  const angle = Math.atan2(y - cy, x - cx);
  const distance = Math.hypot(x - cx, y - cy);
  const arc = (radius: number) => {
    if (Math.abs(angle) <= reach) return Math.abs(distance - radius) - half;
    const end = Math.sign(angle) * reach;
    return Math.hypot(x - cx - radius * Math.cos(end), y - cy - radius * Math.sin(end)) - half;
  };
  return Math.min(distance - 0.055, arc(0.2), arc(0.34), arc(0.48));
}

function coverage(distance: number, size: number): number {
  return Math.min(1, Math.max(0, 0.5 - distance * size));
}

function draw(size: number): Buffer {
  const png = new PNG({ width: size, height: size });
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const x = (column + 0.5) / size;
      const y = (row + 0.5) / size;
      const ink = coverage(mark(x, y), size);
      const at = (row * size + column) * 4;
      for (const [channel, base] of teal.entries()) {
        png.data[at + channel] = Math.round(base + ((white[channel] ?? 0) - base) * ink);
      }
      png.data[at + 3] = Math.round(255 * coverage(square(x, y), size));
    }
  }
  return PNG.sync.write(png, { deflateLevel: 9 });
}

const folder = join(import.meta.dirname, 'icons');
mkdirSync(folder, { recursive: true });
for (const size of [16, 32, 48, 64, 128, 256, 512]) writeFileSync(join(folder, `${size}x${size}.png`), draw(size));
