// A person without a mouse: Tab from stop to stop, and no stop may be invisible (WCAG 2.2, 2.1.1, 2.1.2, 2.4.3, 2.4.7).
import type { Page } from 'playwright-core';

export type Stop = { readonly name: string; readonly hasOutline: boolean; readonly isOnScreen: boolean };

/** `isWithin`: another part of the control where the focus was already, as a date has three. */
type SeenStop = Stop & { readonly isWithin: boolean };

/** More stops than any page has. */
const MANY = 60;

// In the page: text, since it is not compiled with the test.
const NAME = `(element) => (element.labels?.[0] ?? element).textContent.replace(/\\s+/g, ' ').trim()`;
const STOP = `(() => {
  const element = document.activeElement;
  const isWithin = element === globalThis.stopBefore;
  globalThis.stopBefore = element;
  if (element === document.body) return { name: '', hasOutline: false, isOnScreen: true, isWithin: false };
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  const { top, bottom, left, right } = element.getBoundingClientRect();
  return {
    name: (${NAME})(element),
    hasOutline: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
    isWithin,
    isOnScreen: bottom > 0 && right > 0 && top < innerHeight && left < innerWidth,
  };
})()`;
// Of a group of radio buttons only the chosen one is a stop.
const CONTROLS = `[...document.querySelectorAll('a[href], button, summary, input:not([type=hidden]), select, textarea, [tabindex="0"]')]
  .filter((element) => element.checkVisibility() && !element.disabled && element.tabIndex >= 0)
  .filter((element) => element.type !== 'radio' || element.checked)
  .map(${NAME})`;

export function createKeyboard(page: Page) {
  async function look(): Promise<SeenStop> {
    return page.evaluate<SeenStop>(STOP);
  }

  async function findStop(): Promise<Stop> {
    const { isWithin: _, ...stop } = await look();
    return stop;
  }

  async function press(key: string): Promise<Stop> {
    await page.keyboard.press(key);
    return findStop();
  }

  /** Tabs on to the control whose name begins so; throws at a stop that nobody would see. */
  async function tabTo(name: string, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
    const passed: string[] = [];
    while (passed.length < MANY) {
      const stop = await press(key);
      if (stop.name !== '' && !(stop.hasOutline && stop.isOnScreen))
        throw new Error(`the focus cannot be seen on ${stop.name}`);
      if (stop.name.startsWith(name)) return;
      passed.push(stop.name);
    }
    throw new Error(`no way to ${name}, only to ${[...new Set(passed)].join(' | ')}`);
  }

  /** Tabs once around a page that was just loaded, until the focus is back at the first stop. */
  async function goAround(key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<Stop[]> {
    const stops: Stop[] = [];
    let isBack = false;
    while (!isBack && stops.length < MANY) {
      await page.keyboard.press(key);
      const { isWithin, ...stop } = await look();
      if (isWithin && stop.hasOutline) continue;
      isBack = stops.length > 0 && stop.name === stops[0]?.name;
      if (!isBack && stop.name !== '') stops.push(stop);
    }
    if (!isBack) throw new Error(`the focus is trapped after ${stops.length} stops`);
    return stops;
  }

  return {
    ...{ findStop, press, tabTo, goAround },
    type: (text: string) => page.keyboard.type(text),
    /** Tabs on to a field and writes this in place of what is there. */
    async fill(name: string, text: string): Promise<void> {
      // A link of the menu may have the same name.
      do await tabTo(name);
      while (await page.evaluate(`!document.activeElement.matches('input, textarea')`));
      await page.keyboard.press('Control+a');
      await page.keyboard.type(text);
    },
    /** The names of what can be used on the page, in its order. */
    listControls: () => page.evaluate<string[]>(CONTROLS),
  };
}

export type Keyboard = ReturnType<typeof createKeyboard>;
