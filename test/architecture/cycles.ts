// Files that import each other in a circle: whoever is loaded first sees the other half made. Types count for nothing here.
import { dirname, posix } from 'node:path';
import { listImports, maskSource } from './imports.ts';

/** The files of the first circle that is found, from one to itself; none where there is none. */
export function findCycle(files: Map<string, string>): string[] {
  const done = new Set<string>();

  function follow(path: string, way: readonly string[]): string[] {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    const source = files.get(path);
    if (done.has(path) || source === undefined) return [];
    for (const { specifier, isTypeOnly } of listImports(source, maskSource(source))) {
      if (isTypeOnly || !specifier.startsWith('.')) continue;
      const cycle = follow(posix.join(dirname(path), specifier), [...way, path]);
      if (cycle.length > 0) return cycle;
    }
    done.add(path);
    return [];
  }

  return [...files.keys()].map((path) => follow(path, [])).find((cycle) => cycle.length > 0) ?? [];
}
