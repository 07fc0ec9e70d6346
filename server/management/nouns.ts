// The table of the management API: every noun, in the order in which the document has them.
import { accounts } from './accounts.ts';
import { auditEvents } from './audit-events.ts';
import { clientRequests } from './client-requests.ts';
import { clients } from './clients.ts';
import { grants } from './grants.ts';
import { issuers } from './issuers.ts';
import { keys } from './keys.ts';
import type { Noun, Operation } from './operations.ts';
import { plans } from './plans.ts';
import { resources } from './resources.ts';
import { serviceAccounts } from './service-accounts.ts';
import { teamApps } from './team-apps.ts';
import { teamInvitations } from './team-invitations.ts';
import { teamMembers } from './team-members.ts';
import { teams } from './teams.ts';

export const nouns: readonly Noun[] = [
  accounts,
  plans,
  teams,
  teamMembers,
  teamInvitations,
  teamApps,
  clients,
  clientRequests,
  resources,
  grants,
  issuers,
  serviceAccounts,
  keys,
  auditEvents,
];

export const operations: readonly Operation[] = nouns.flatMap((noun) => noun.operations);
