// A person with an old browser: keeps cookies (RFC 6265 section 5), reads our pages, fills in their forms, follows redirects.
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { type Element, findAll, parseHtml, textOf } from './html.ts';

export type Page = {
  /** The address that was asked, absolute. */
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  /** Where a redirect leads, absolute. */
  readonly location: string | undefined;
};

/** Which form: by its action (the path, or how it begins), by the words or `name=value` of a button, or the only one of <main>. */
export type FormChoice = { action?: string; button?: string };

/** What is typed in; undefined leaves a field out, as an unticked box does. The form must have every field named. */
export type Fields = Readonly<Record<string, string | undefined>>;

type Sent = { headers?: Record<string, string> };
type Cookie = { name: string; value: string; path: string };

const MOST_REDIRECTS = 10;
const FORM = 'application/x-www-form-urlencoded';

/**
 * `origin` is the issuer's; the connection goes to 127.0.0.1 and `port`, whatever the origin says.
 * It sends neither Origin nor Referer nor Sec-Fetch-…, unless `headers` do.
 */
export function createFormRobot({
  origin,
  port,
  headers: always = {},
}: { origin: string; port: number } & Sent) {
  const jar = new Map<string, Cookie>();

  function keep(setCookie: string): void {
    const [pair = '', ...attributes] = setCookie.split(';').map((part) => part.trim());
    const named = new Map(
      attributes.map((each) => splitAt(each, '=')).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const [name, value] = splitAt(pair, '=');
    const path = named.get('path') ?? '/';
    const isOver =
      Number(named.get('max-age') ?? 1) <= 0 || Date.parse(named.get('expires') ?? '9999') <= Date.now();
    if (isOver) jar.delete(`${name} ${path}`);
    else jar.set(`${name} ${path}`, { name, value, path });
  }

  function cookiesFor(path: string): string {
    return [...jar.values()]
      .filter((cookie) => path === cookie.path || path.startsWith(cookie.path.replace(/\/?$/, '/')))
      .toSorted((a, b) => b.path.length - a.path.length)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  async function exchange(method: string, address: string, sent: Sent & { body?: string }): Promise<Page> {
    const url = new URL(address, origin);
    if (url.origin !== origin) throw new Error(`the robot stays at ${origin}: ${url.href}`);
    const cookie = cookiesFor(url.pathname);
    const headers = {
      Host: url.host,
      Accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
      ...(cookie !== '' && { Cookie: cookie }),
      ...(sent.body !== undefined && {
        'Content-Type': FORM,
        'Content-Length': String(Buffer.byteLength(sent.body)),
      }),
      ...always,
      ...sent.headers,
    };
    const path = url.pathname + url.search;
    const page = await send({ method, path, headers, host: '127.0.0.1', port, agent: false }, sent.body);
    for (const setCookie of page.headers.getSetCookie()) keep(setCookie);
    const location = page.headers.get('location');
    return { ...page, url: url.href, location: location === null ? undefined : new URL(location, url).href };
  }

  /** One GET. */
  function get(path: string, sent: Sent = {}): Promise<Page> {
    return exchange('GET', path, sent);
  }

  /** One POST of a form that no page of ours has. */
  function post(path: string, fields: Record<string, string>, sent: Sent = {}): Promise<Page> {
    return exchange('POST', path, { ...sent, body: new URLSearchParams(fields).toString() });
  }

  /** Goes after redirects while they stay here; answers the page, or the redirect that leads elsewhere. */
  async function follow(page: Page, sent: Sent = {}): Promise<Page> {
    let current = page;
    for (let count = 0; count < MOST_REDIRECTS; count += 1) {
      if (current.location === undefined || new URL(current.location).origin !== origin) return current;
      current = await get(current.location, sent);
    }
    throw new Error(`more than ${MOST_REDIRECTS} redirects, the last to ${current.location}`);
  }

  /** Fills in a form of the page and sends it: one request, no redirect followed. */
  function submit(
    page: Page,
    fields: Fields = {},
    { headers, ...choice }: FormChoice & Sent = {},
  ): Promise<Page> {
    const { form, button } = findForm(page, choice);
    const path = button?.attributes.formaction ?? form.attributes.action ?? page.url;
    const action = new URL(path, page.url).href;
    const values = fillIn(form, button, fields);
    return post(action, values, headers === undefined ? {} : { headers });
  }

  return {
    get,
    post,
    follow,
    submit,
    /** GET, and then where it leads. */
    visit: async (path: string): Promise<Page> => follow(await get(path)),
    /** The form, and then where it leads. */
    send: async (page: Page, fields: Fields = {}, choice: FormChoice = {}): Promise<Page> =>
      follow(await submit(page, fields, choice)),
    /** The value of a cookie that it keeps. */
    cookie: (name: string): string | undefined =>
      [...jar.values()].find((cookie) => cookie.name === name)?.value,
    /** Takes a cookie from elsewhere. */
    setCookie: (name: string, value: string): void => keep(`${name}=${value}; Path=/`),
  };
}

/** The token of the page's forms, for those that it does not have. */
export function csrfOf(page: Page): string {
  return /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? '';
}

export type FormRobot = ReturnType<typeof createFormRobot>;

/** What a reader sees of the page's <main>. */
export function mainTextOf(page: Page): string {
  return findAll(parseHtml(page.html), 'main').map(textOf).join(' ');
}

function send(options: RequestOptions, body: string | undefined): Promise<Page> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const html = Buffer.concat(chunks).toString('utf8');
        resolve({
          url: '',
          status: response.statusCode ?? 0,
          headers: headersOf(response),
          html,
          location: undefined,
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
  }
  return headers;
}

function splitAt(text: string, separator: string): [name: string, value: string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function isButton(element: Element, words: string): boolean {
  const { name, value } = element.attributes;
  return textOf(element) === words || `${name}=${value}` === words;
}

/** The form of the choice, with the button that is pressed. Throws unless exactly one fits. */
function findForm(
  page: Page,
  { action, button }: FormChoice,
): { form: Element; button: Element | undefined } {
  const document = parseHtml(page.html);
  const isChosen = action !== undefined || button !== undefined;
  const scope = isChosen ? [document] : findAll(document, 'main');
  const all = scope.flatMap((element) => findAll(element, 'form'));
  const fitting = all.flatMap((form) => {
    if (action !== undefined && !form.attributes.action?.startsWith(action)) return [];
    const buttons = findAll(form, 'button');
    // Unless it is named, a button that leads elsewhere is not pressed.
    const pressed = buttons.filter((each) =>
      button === undefined ? each.attributes.formaction === undefined : isButton(each, button),
    );
    return button !== undefined && pressed.length === 0 ? [] : [{ form, buttons: pressed }];
  });
  const [found, ...others] = fitting;
  if (found === undefined || others.length > 0) {
    const actions = all.map((form) => form.attributes.action).join(', ');
    throw new Error(
      `${fitting.length} forms fit (${action ?? ''} ${button ?? ''}); ${page.url} (${page.status}) has: ${actions}`,
    );
  }
  if (found.buttons.length > 1) throw new Error(`which button? ${found.buttons.map(textOf).join(', ')}`);
  return { form: found.form, button: found.buttons[0] };
}

/** What a browser would send: hidden and visible values, ticked boxes, the pressed button, and what is typed in. */
function fillIn(form: Element, button: Element | undefined, fields: Fields): Record<string, string> {
  const inputs = findAll(form, 'input').filter(({ attributes }) => attributes.name !== undefined);
  const lists = findAll(form, 'select');
  const areas = findAll(form, 'textarea');
  const unknown = Object.keys(fields).filter(
    (name) => ![...inputs, ...lists, ...areas].some(({ attributes }) => attributes.name === name),
  );
  if (unknown.length > 0) throw new Error(`the form ${form.attributes.action} has no ${unknown.join(', ')}`);
  const values: Record<string, string | undefined> = {};
  for (const { attributes } of inputs) {
    const isBox = attributes.type === 'checkbox' || attributes.type === 'radio';
    if (isBox && attributes.checked === undefined) continue;
    values[attributes.name ?? ''] = attributes.value ?? (isBox ? 'on' : '');
  }
  for (const list of lists) {
    const options = findAll(list, 'option').map(({ attributes }) => attributes);
    const chosen = options.find(({ selected }) => selected !== undefined) ?? options[0];
    values[list.attributes.name ?? ''] = chosen?.value;
  }
  for (const area of areas) values[area.attributes.name ?? ''] = textOf(area);
  const { name, value } = button?.attributes ?? {};
  const pressed = name === undefined ? {} : { [name]: value ?? '' };
  const entries = Object.entries({ ...values, ...fields, ...pressed });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
