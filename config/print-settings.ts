// Prints docs/settings.md from the schema: node config/print-settings.ts > docs/settings.md
import { z } from 'zod';
import { environmentVariables, settingsSchema } from './schema.ts';

type Node = z.core.JSONSchema.JSONSchema;
type Setting = { path: string; node: Node; isRequired: boolean };

const introduction = `# Settings

<!-- Printed from config/schema.ts. Do not edit: node config/print-settings.ts > docs/settings.md -->

One YAML file, \`config/latchkey.yaml\` (which shows every setting with its default), or the one that the environment
variable \`LATCHKEY_CONFIG\` names. A variable of the environment wins over the file; an empty one counts as unset.
A name that is not in this table is refused, and every fault is told at once when the server starts.
Times are in seconds and sizes in bytes, as the names say. A dash in the column of defaults means unset.
`;

const variables = new Map(
  Object.entries(environmentVariables).map(([variable, path]) => [path as string, variable]),
);

/** The text of docs/settings.md. */
export function printSettings(): string {
  const head = [
    '| Setting | Type | Default | Environment | What it is for |',
    '| --- | --- | --- | --- | --- |',
  ];
  return `${introduction}\n${[...head, ...listSettings().map(formatRow)].join('\n')}\n`;
}

/** Every setting by path, `clients[].name` and `limits.NAME.max` among them; sections themselves are left out. */
export function listSettings(): Setting[] {
  return listChildren('', z.toJSONSchema(settingsSchema, { io: 'input' }));
}

function listChildren(prefix: string, { properties = {}, required = [] }: Node): Setting[] {
  return Object.entries(properties).flatMap(([name, node]) =>
    typeof node === 'boolean'
      ? []
      : listNode({ path: prefix + name, node, isRequired: required.includes(name) }),
  );
}

function listNode(setting: Setting): Setting[] {
  const { path, node } = setting;
  const children = [
    ...listChildren(`${path}.`, node),
    ...listChildren(`${path}[].`, getNode(node.items)),
    ...listChildren(`${path}.NAME.`, getNode(node.additionalProperties)),
  ];
  const isSection = node.properties !== undefined && node.description === undefined;
  return isSection ? children : [setting, ...children];
}

function getNode(value: Node['items'] | Node['additionalProperties']): Node {
  return typeof value === 'object' && !Array.isArray(value) ? value : {};
}

function formatRow({ path, node, isRequired }: Setting): string {
  const variable = variables.get(path);
  const cells = [
    code(path),
    formatType(node),
    isRequired ? 'required' : formatDefault(node),
    variable === undefined ? '' : code(variable),
    node.description ?? '',
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function formatType(node: Node): string {
  if (node.const !== undefined) return code(String(node.const));
  if (node.enum !== undefined) return node.enum.map((value) => code(String(value))).join(', ');
  if (node.anyOf !== undefined) return node.anyOf.map((one) => formatType(getNode(one))).join(' or ');
  if (node.type === 'integer') return formatRange(node);
  if (node.type === 'boolean') return 'true or false';
  if (node.type === 'array') return `list of ${formatType(getNode(node.items))}`;
  return node.type === 'object' ? 'mapping' : 'text';
}

function formatRange({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Node): string {
  // The largest bounds only keep nonsense out; printing them would read like advice.
  return maximum >= 100_000_000 ? `number from ${minimum}` : `number, ${minimum} to ${maximum}`;
}

function formatDefault({ default: value, fallback }: Node): string {
  if (typeof fallback === 'string') return fallback;
  if (value === undefined) return '-';
  return code(typeof value === 'string' ? value : JSON.stringify(value));
}

function code(text: string): string {
  return `\`${text}\``;
}

if (import.meta.main) process.stdout.write(printSettings());
