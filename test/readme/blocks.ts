// The fenced blocks of a Markdown page, in order, each with its language and the heading that it stands under.
export type Block = { language: string; text: string; heading: string };

export function readBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: { language: string; lines: string[] } | undefined;
  for (const line of markdown.split('\n')) {
    const fence = /^```(\w*)$/.exec(line);
    if (open === undefined) {
      heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
      if (fence !== null) open = { language: fence[1] ?? '', lines: [] };
    } else if (fence === null) open.lines.push(line);
    else {
      blocks.push({ language: open.language, text: open.lines.join('\n'), heading });
      open = undefined;
    }
  }
  return blocks;
}
