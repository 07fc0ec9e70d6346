// What the doctor says of the servers that run on the database. Pure: facts in, findings out.
import type { ServerNode } from '../storage/nodes.ts';
import type { Finding } from './finding.ts';

const check = 'nodes';

export function checkNodes(nodes: readonly ServerNode[]): Finding {
  const count = nodes.length;
  if (count === 0) return { check, level: 'ok', sentence: 'No server runs.' };
  if (new Set(nodes.map(({ fingerprint }) => fingerprint)).size > 1) {
    const sentence =
      'Servers run with different configurations: what one allows another refuses. Give all {count, number} the same file.';
    return { check, level: 'warning', sentence, values: { count } };
  }
  const sentence = 'Servers that run: {count, number}. They have one configuration.';
  return { check, level: 'ok', sentence, values: { count } };
}
