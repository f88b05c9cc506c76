/** What the simulated Novita renders: a small picture that is the same for the same words, and bytes of a video. */
import { createHash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';

const SIZE = 128;

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(data.length, 0);
  named.copy(framed, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}

/** A PNG: soft hills in colours that come from the words. */
export function picture(words: string): Buffer {
  const seed = createHash('sha256').update(words).digest();
  const rows = Buffer.alloc(SIZE * (1 + SIZE * 3));
  for (let y = 0; y < SIZE; y++) {
    const row = y * (1 + SIZE * 3) + 1;
    for (let x = 0; x < SIZE; x++) {
      const hill = SIZE * 0.6 + Math.sin(x / (8 + (seed[0]! % 16)) + seed[1]!) * (6 + (seed[2]! % 12));
      const isLand = y > hill;
      for (let colour = 0; colour < 3; colour++) {
        const base = seed[(isLand ? 3 : 6) + colour]!;
        rows[row + x * 3 + colour] = Math.floor((base + (isLand ? (y - hill) * 2 : y)) % 256);
      }
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(SIZE, 0);
  head.writeUInt32BE(SIZE, 4);
  // 8 bits a colour, three of them.
  head.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Begins as an MP4 does; nothing plays it. */
export function video(bytes: number): Buffer {
  const file = Buffer.alloc(bytes, 0x5a);
  file.write('\u0000\u0000\u0000\u0018ftypisom', 0, 'latin1');
  return file;
}
