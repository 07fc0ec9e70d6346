// A screenshot again with a palette, which makes it a third as large (PNG, third edition, sections 5.3, 11.2 and 12.3).
import { crc32, deflateSync } from 'node:zlib';
import type { Page } from 'playwright-core';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const PALETTE_SIZE = 256;
const INDEXED = 3;

type Picture = { readonly width: number; readonly height: number; readonly pixels: Buffer };

// In the page, which knows how to read a PNG: text, since it is not compiled with this file.
const READ = `(async (url) => {
  const bitmap = await createImageBitmap(await (await fetch(url)).blob());
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
  context.drawImage(bitmap, 0, 0);
  const { data, width, height } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  let text = '';
  for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
  return { width, height, pixels: btoa(text) };
})`;

/** `page` is any page without a policy. */
export async function shrinkPng(page: Page, png: Buffer): Promise<Buffer> {
  const url = `data:image/png;base64,${png.toString('base64')}`;
  const { pixels, ...size } = await page.evaluate<{ width: number; height: number; pixels: string }>(
    `${READ}(${JSON.stringify(url)})`,
  );
  return encode({ ...size, pixels: Buffer.from(pixels, 'base64') });
}

function encode(picture: Picture): Buffer {
  const { width, height } = picture;
  const colors = countColors(picture);
  const palette = [...colors.keys()].slice(0, PALETTE_SIZE);
  const places = new Map([...colors.keys()].map((color) => [color, findNearest(palette, color)]));
  // Each line begins with its filter: none.
  const lines = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      lines[y * (width + 1) + 1 + x] = places.get(colorAt(picture, y * width + x)) ?? 0;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, INDEXED], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap(channels))),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function colorAt({ pixels }: Picture, index: number): number {
  return pixels.readUInt32BE(index * 4) >>> 8;
}

/** The most frequent first. */
function countColors(picture: Picture): Map<number, number> {
  const counts = new Map<number, number>();
  for (let index = 0; index < picture.width * picture.height; index += 1) {
    const color = colorAt(picture, index);
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  return new Map([...counts].sort((one, other) => other[1] - one[1]));
}

function findNearest(palette: number[], color: number): number {
  const wanted = channels(color);
  const distances = palette.map((candidate) =>
    channels(candidate).reduce((sum, value, index) => sum + (value - (wanted[index] ?? 0)) ** 2, 0),
  );
  return distances.indexOf(Math.min(...distances));
}

function channels(color: number): number[] {
  return [color >> 16, (color >> 8) & 255, color & 255];
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
