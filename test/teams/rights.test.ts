// What whom may be given, by the roles and plans of the configuration: pure (row G06, ASVS 10.4.11).
import { describe, expect, test } from 'vitest';
import { createRights } from '../../server/teams/rights.ts';
import { loadSettings } from '../config/load-text.ts';

const rights = createRights(
  loadSettings({
    roles: { member: { scopes: ['*'] }, guest: { scopes: ['read:tasks'] } },
    teams: {
      roles: {
        owner: { scopes: ['*'], manages: true },
        admin: { scopes: ['*'], manages: true },
        lead: { scopes: ['read:tasks', 'write:tasks'], manages: true },
        member: { scopes: ['read:tasks', 'write:tasks'] },
        reader: { scopes: ['read:tasks'] },
        biller: { scopes: ['read:bills'] },
      },
    },
    plans: {
      free: {
        scopes: ['read:tasks'],
        max_personal_keys: 0,
        max_team_keys: 2,
        max_service_accounts: 4,
        max_members: 3,
      },
      pro: { scopes: ['read:tasks', 'write:tasks'] },
      all: {},
    },
    default_plans: { person: 'pro', team: 'free' },
  }),
);

const person = { role: 'member', isAdmin: false, plan: undefined };

describe('G06: a person alone holds', () => {
  test.each([
    ['what role and plan both have', person, 'write:tasks', true],
    ['nothing that the plan has not', person, 'delete:tasks', false],
    ['nothing that the role has not', { ...person, role: 'guest' }, 'write:tasks', false],
    ['more on another plan', { ...person, plan: 'all' }, 'delete:tasks', true],
    ['nothing on a plan that is gone', { ...person, plan: 'gold' }, 'read:tasks', false],
    ['nothing in a role that is gone', { ...person, role: 'wizard' }, 'read:tasks', false],
    [
      'nothing in a role that is a word of the language',
      { ...person, role: 'constructor' },
      'read:tasks',
      false,
    ],
  ])('%s', (_title, standing, scope, isHeld) => {
    expect(rights.mayHoldAlone(standing, scope)).toBe(isHeld);
  });
});

describe('G06: * never implies administration', () => {
  const all = { role: 'member', isAdmin: false, plan: 'all' };
  test.each(['latchkey:accounts:read', 'latchkey:audit:read', 'latchkey:'])('%s', (scope) => {
    expect(rights.mayHoldAlone(all, scope)).toBe(false);
    expect(rights.mayHoldInTeam({ role: 'owner', plan: 'all' }, scope)).toBe(false);
    expect(rights.mayTeamHold('all', scope)).toBe(false);
    expect(rights.mayHoldAlone({ ...all, isAdmin: true }, scope)).toBe(true);
  });

  test('and administration gives no other scope', () => {
    expect(rights.mayHoldAlone({ role: 'guest', isAdmin: true, plan: 'all' }, 'write:tasks')).toBe(false);
  });
});

describe('G06: a member holds for the team', () => {
  test.each([
    ['what the role and the plan of the team both have', 'member', 'pro', 'write:tasks', true],
    ['nothing beyond the plan of the team', 'owner', 'free', 'write:tasks', false],
    ['nothing beyond the role', 'reader', 'all', 'write:tasks', false],
    ['the default plan where none was chosen', 'owner', undefined, 'write:tasks', false],
    ['nothing without a role', '', 'all', 'read:tasks', false],
  ])('%s', (_title, role, plan, scope, isHeld) => {
    expect(rights.mayHoldInTeam({ role, plan }, scope)).toBe(isHeld);
  });

  test('and the team itself never more than its plan', () => {
    expect(rights.mayTeamHold('free', 'read:tasks')).toBe(true);
    expect(rights.mayTeamHold('free', 'write:tasks')).toBe(false);
    expect(rights.mayTeamHold(undefined, 'write:tasks')).toBe(false);
    expect(rights.mayTeamHold('all', 'write:tasks')).toBe(true);
  });
});

test('a plan has a name and numbers; one that is gone has none of anything', () => {
  expect(rights.planOfPerson(undefined)).toMatchObject({ name: 'pro', maxPersonalKeys: 100 });
  expect(rights.planOfTeam(undefined)).toEqual({
    ...{
      name: 'free',
      maxPersonalKeys: 0,
      maxTeamKeys: 2,
      maxServiceAccounts: 4,
      maxMembers: 3,
      maxApps: 10,
    },
  });
  expect(rights.planOfTeam('gold')).toEqual({
    ...{ name: 'gold', maxPersonalKeys: 0, maxTeamKeys: 0, maxServiceAccounts: 0, maxMembers: 0, maxApps: 0 },
  });
  expect(rights.isPlan('gold')).toBe(false);
});

describe('G18: nobody gives a role beyond their own', () => {
  test.each([
    ['owner', 'owner', true],
    ['owner', 'admin', true],
    ['admin', 'owner', false],
    ['admin', 'admin', true],
    ['admin', 'biller', true],
    ['lead', 'member', true],
    ['lead', 'admin', false],
    ['lead', 'biller', false],
    ['member', 'reader', false],
    ['wizard', 'reader', false],
  ])('%s gives %s: %s', (own, role, may) => {
    expect(rights.mayGive(own, role)).toBe(may);
  });
});

test.each([
  ['teams without an owner', { teams: { roles: { member: { scopes: ['*'] } } } }, /teams\.roles/],
  ['an owner who does not manage', { teams: { roles: { owner: { scopes: ['*'] } } } }, /teams\.roles/],
  ['a default plan that is not there', { default_plans: { team: 'gold' } }, /default_plans\.team/],
  ['plans without the default one', { plans: { free: {} } }, /default_plans\.person/],
])('the configuration is refused with %s', (_title, settings, words) => {
  expect(() => loadSettings(settings)).toThrow(words);
});
