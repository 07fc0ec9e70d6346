// The file that a page offers to save: the link holds it, so no script and no second request is needed.
import type { Page } from '../support/form-robot.ts';

export function fileOn({ html }: Page): { name: string; text: string; file: Record<string, string> } {
  const [, base64, name = ''] =
    /href="data:application\/json;base64,([^"]+)" download="([^"]+)"/.exec(html) ?? [];
  if (base64 === undefined) throw new Error('the page offers no file');
  const text = Buffer.from(base64.replaceAll('&#x3D;', '=').replaceAll('&#61;', '='), 'base64').toString(
    'utf8',
  );
  return { name, text, file: JSON.parse(text) };
}
