// A disk that cannot keep what it was given (row F05): in a process of ours, fsync and fdatasync answer -1 and do nothing.
// No disk does that to order, and no library is at hand that could stand in between: the code of the C library is
// overwritten in the memory of that one process (proc_pid_mem(5)), and put back.
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';

const SYMBOLS = ['fsync', 'fdatasync'];
/** Answer -1 and return. */
const FAIL: Partial<Record<NodeJS.Architecture, Buffer>> = {
  x64: Buffer.from('b8ffffffffc3', 'hex'),
  arm64: Buffer.from('00008012c0035fd6', 'hex'),
};
const C_LIBRARY = /(?:libc\.so\.6|libc-[\d.]+\.so|ld-musl-[^/]*\.so\.1)$/;

// ELF-64, little endian (System V ABI, chapters 4 and 5).
const SECTION_DYNSYM = 11;
const SYMBOL_BYTES = 24;

function readSections(elf: Buffer) {
  const [offset, size, count] = [Number(elf.readBigUInt64LE(40)), elf.readUInt16LE(58), elf.readUInt16LE(60)];
  return Array.from({ length: count }, (_, index) => {
    const at = offset + index * size;
    return {
      type: elf.readUInt32LE(at + 4),
      offset: Number(elf.readBigUInt64LE(at + 24)),
      bytes: Number(elf.readBigUInt64LE(at + 32)),
      link: elf.readUInt32LE(at + 40),
    };
  });
}

function findSymbols(elf: Buffer): number[] {
  const sections = readSections(elf);
  const symbols = sections.find(({ type }) => type === SECTION_DYNSYM);
  const names = sections[symbols?.link ?? 0];
  if (symbols === undefined || names === undefined) throw new Error('a C library without symbols');
  const found: number[] = [];
  for (let at = symbols.offset; at < symbols.offset + symbols.bytes; at += SYMBOL_BYTES) {
    const from = names.offset + elf.readUInt32LE(at);
    const name = elf.toString('latin1', from, elf.indexOf(0, from));
    if (SYMBOLS.includes(name)) found.push(Number(elf.readBigUInt64LE(at + 8)));
  }
  return found;
}

function findAddresses(pid: number): number[] {
  const lines = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  const [first = ''] = lines.filter((line) => C_LIBRARY.test(line));
  const base = Number.parseInt(first.split('-')[0] ?? '', 16);
  return findSymbols(readFileSync(first.split(/\s+/)[5] ?? '')).map((value) => base + value);
}

/** From now on nothing is synced in that process; answers what lifts that. Undefined where we may not do this. */
export function breakSync(pid: number | undefined): (() => void) | undefined {
  const code = FAIL[process.arch];
  if (process.platform !== 'linux' || pid === undefined || code === undefined) return undefined;
  try {
    const addresses = findAddresses(pid);
    const memory = openSync(`/proc/${pid}/mem`, 'r+');
    const kept = addresses.map((address) => {
      const before = Buffer.alloc(code.length);
      readSync(memory, before, 0, code.length, address);
      return { address, before };
    });
    for (const address of addresses) writeSync(memory, code, 0, code.length, address);
    return () => {
      for (const { address, before } of kept) writeSync(memory, before, 0, before.length, address);
      closeSync(memory);
    };
  } catch {
    return undefined;
  }
}
