// A table of routes, met by somebody who may not: each request is refused, and changes nothing.
import { expect } from 'vitest';
import { csrfOf, type FormRobot, type Page } from './form-robot.ts';

export type RouteRequest<Route> = { name: string; method: 'GET' | 'POST'; route: Route };

type Refused<Route> = {
  fields?: Record<string, string>;
  expected: (page: Page, asked: RouteRequest<Route>) => void;
};

/** A token that this browser's own pages gave out. */
export async function tokenOf(robot: FormRobot): Promise<string> {
  return csrfOf(await robot.get('/account/password'));
}

/** `world` is asked at each request: it is made after the table was read. */
export function createRouteMatrix<Route>(
  world: () => { pathOf(route: Route): string; countEvents(): Promise<number> },
) {
  function send(
    robot: FormRobot,
    { method, route }: RouteRequest<Route>,
    fields: Record<string, string> = {},
  ): Promise<Page> {
    const path = world().pathOf(route);
    return method === 'GET' ? robot.get(path) : robot.post(path, fields);
  }

  /** Each of them is answered as `expected` says, and changes nothing. */
  async function refuseAll(
    robot: FormRobot,
    asked: readonly RouteRequest<Route>[],
    { fields = {}, expected }: Refused<Route>,
  ): Promise<void> {
    for (const one of asked) {
      const before = await world().countEvents();
      const page = await send(robot, one, fields);
      expected(page, one);
      expect(page.headers.get('cache-control'), one.name).toBe('no-store');
      expect(await world().countEvents(), one.name).toBe(before);
    }
  }

  return { send, refuseAll };
}
