// Teams and who is in them, at rest. Atomic: whoever changes a team locks its row first (`lock`), so on PostgreSQL too one
// comes after the other; the roles on which a decision was made are compared in the same unit (`holdRole`), and a team
// never loses its last owner (the condition of `removeMember`, `setRole` and `checkOwnersBeside`).
import { nowSeconds } from '../clock.ts';
import type { Database } from '../storage/database.ts';
import { insert, type Statement, sql } from '../storage/statement.ts';
import { OWNER } from './rights.ts';
import type { Member, Team, TeamOfPerson } from './team.ts';

const MOST_TEAMS = 500;

type TeamRow = { id: string; name: string; plan: string | null; created_at: number; updated_at: number };
type MemberRow = {
  account_id: string;
  name: string | null;
  email: string | null;
  role: string;
  created_at: number;
};

function fromRow(row: TeamRow): Team {
  const { id, name, created_at: createdAt, updated_at: updatedAt } = row;
  return { id, name, plan: row.plan ?? undefined, createdAt, updatedAt };
}

function fromMemberRow(row: MemberRow): Member {
  const { account_id: accountId, role, created_at: since } = row;
  return { accountId, name: row.name ?? '', email: row.email ?? '', role, since };
}

const TEAM =
  'SELECT t.id, t.name, t.plan, t.created_at, t.updated_at FROM teams t WHERE t.deleted_at IS NULL';
const MEMBER = `SELECT m.account_id, a.name, a.email, m.role, m.created_at FROM memberships m
  JOIN accounts a ON a.id = m.account_id`;

/** Another owner who can act, in the team of the row `m`, apart from the person of that row. */
const OTHER_OWNER = `EXISTS (SELECT 1 FROM memberships o WHERE o.team_id = m.team_id AND o.role = '${OWNER}'
  AND o.account_id <> m.account_id AND EXISTS (
    SELECT 1 FROM accounts a WHERE a.id = o.account_id AND a.disabled_at IS NULL AND a.deleted_at IS NULL))`;

/** Live teams whose only owner is the person of the row `m`. */
const SOLELY_OWNED = `m.role = '${OWNER}' AND NOT ${OTHER_OWNER}
  AND EXISTS (SELECT 1 FROM teams t WHERE t.id = m.team_id AND t.deleted_at IS NULL)`;

function matching(condition: Statement): Statement {
  return { sql: `${TEAM} AND ${condition.sql}`, bindings: condition.bindings };
}

export function createTeamStore(database: Database) {
  return {
    async find(id: string): Promise<Team | undefined> {
      const row = await database.find<TeamRow>(matching(sql`t.id = ${id}`));
      return row === undefined ? undefined : fromRow(row);
    },

    /** By id, at most `limit`, after the cursor. */
    async list(page: { after: string; limit: number }): Promise<Team[]> {
      const rows = await database.list<TeamRow>(
        matching(sql`t.id > ${page.after} ORDER BY t.id LIMIT ${page.limit}`),
      );
      return rows.map(fromRow);
    },

    /** Those of one person with their role, by name, at most 500; only the one named where one is. */
    async listOf(accountId: string, teamId = ''): Promise<TeamOfPerson[]> {
      const rows = await database.list<TeamRow & { role: string }>(
        sql`SELECT t.id, t.name, t.plan, t.created_at, t.updated_at, m.role FROM memberships m
          JOIN teams t ON t.id = m.team_id
          WHERE m.account_id = ${accountId} AND t.deleted_at IS NULL AND (t.id = ${teamId} OR ${teamId} = '')
          ORDER BY LOWER(t.name), t.id LIMIT ${MOST_TEAMS}`,
      );
      return rows.map((row) => ({ ...fromRow(row), role: row.role }));
    },

    /** Members by the id of their account, at most `limit`, after the cursor. */
    async listMembers(teamId: string, page: { after: string; limit: number }): Promise<Member[]> {
      const rows = await database.list<MemberRow>({
        sql: `${MEMBER} WHERE m.team_id = ? AND m.account_id > ? ORDER BY m.account_id LIMIT ?`,
        bindings: [teamId, page.after, page.limit],
      });
      return rows.map(fromMemberRow);
    },

    async findMember(teamId: string, accountId: string): Promise<Member | undefined> {
      const row = await database.find<MemberRow>({
        sql: `${MEMBER} WHERE m.team_id = ? AND m.account_id = ?`,
        bindings: [teamId, accountId],
      });
      return row === undefined ? undefined : fromMemberRow(row);
    },

    /** Names of the teams that would be left without an owner, at most 500. */
    async listSolelyOwned(accountId: string): Promise<string[]> {
      const rows = await database.list<{ name: string }>({
        sql: `SELECT (SELECT t.name FROM teams t WHERE t.id = m.team_id) AS name FROM memberships m
          WHERE m.account_id = ? AND ${SOLELY_OWNED} LIMIT ${MOST_TEAMS}`,
        bindings: [accountId],
      });
      return rows.map((row) => row.name);
    },

    register(team: { id: string; name: string; plan: string | undefined }): void {
      const now = nowSeconds();
      const row = { id: team.id, name: team.name, plan: team.plan ?? null, created_at: now, updated_at: now };
      database.write(insert('teams', row));
    },

    /** The first write of every unit that changes a team. Conflict('team') where it is deleted. */
    lock(id: string): void {
      database.write(
        sql`UPDATE teams SET updated_at = ${nowSeconds()} WHERE id = ${id} AND deleted_at IS NULL`,
        { expects: 1, conflict: 'team' },
      );
    },

    rename(id: string, name: string): void {
      database.write(sql`UPDATE teams SET name = ${name} WHERE id = ${id}`);
    },

    setPlan(id: string, plan: string | undefined): void {
      database.write(sql`UPDATE teams SET plan = ${plan ?? null} WHERE id = ${id}`);
    },

    /** Its id is never used again; nobody is in it any more. */
    remove(id: string): void {
      database.write(sql`UPDATE teams SET deleted_at = ${nowSeconds()} WHERE id = ${id}`);
      database.write(sql`DELETE FROM memberships WHERE team_id = ${id}`);
    },

    /** Conflict('role') where this person has not that role in the team any more. */
    holdRole(teamId: string, accountId: string, role: string): void {
      database.write(
        sql`UPDATE memberships SET role = role
          WHERE team_id = ${teamId} AND account_id = ${accountId} AND role = ${role}`,
        { expects: 1, conflict: 'role' },
      );
    },

    /** Conflict('member') where they are in it already, Conflict('full') where it has as many members as it may. */
    addMember(member: { teamId: string; accountId: string; role: string }, maxMembers: number): void {
      const { teamId, accountId, role } = member;
      const now = nowSeconds();
      const row = { team_id: teamId, account_id: accountId, role, created_at: now, updated_at: now };
      database.write(insert('memberships', row), { conflict: 'member' });
      // The row counts itself, and is rolled back where it is one too many.
      database.write(
        sql`UPDATE teams SET updated_at = ${now}
          WHERE id = ${teamId} AND (SELECT COUNT(*) FROM memberships m WHERE m.team_id = ${teamId}) <= ${maxMembers}`,
        { expects: 1, conflict: 'full' },
      );
    },

    /** Conflict('account') where this person is deleted or disabled. Comes after `lock`, and teams of one person wait here. */
    holdAccount(accountId: string): void {
      database.write(
        sql`UPDATE accounts SET plan = plan WHERE id = ${accountId} AND deleted_at IS NULL AND disabled_at IS NULL`,
        { expects: 1, conflict: 'account' },
      );
    },

    /** Conflict('owned') where this person owns more teams than they may. After `holdAccount`, so that the count is of now. */
    checkOwned(accountId: string, most: number): void {
      database.write(
        sql`UPDATE accounts SET plan = plan WHERE id = ${accountId} AND (
          SELECT COUNT(*) FROM memberships m WHERE m.account_id = ${accountId} AND m.role = ${OWNER}) <= ${most}`,
        { expects: 1, conflict: 'owned' },
      );
    },

    /** Conflict('last_owner') where nobody would be left who owns the team. */
    setRole(teamId: string, accountId: string, role: string): void {
      database.write(
        {
          sql: `UPDATE memberships AS m SET role = ?, updated_at = ?
            WHERE m.team_id = ? AND m.account_id = ? AND (m.role <> '${OWNER}' OR ? = '${OWNER}' OR ${OTHER_OWNER})`,
          bindings: [role, nowSeconds(), teamId, accountId, role],
        },
        { expects: 1, conflict: 'last_owner' },
      );
    },

    /** The same. */
    removeMember(teamId: string, accountId: string): void {
      database.write(
        {
          sql: `DELETE FROM memberships AS m WHERE m.team_id = ? AND m.account_id = ?
            AND (m.role <> '${OWNER}' OR ${OTHER_OWNER})`,
          bindings: [teamId, accountId],
        },
        { expects: 1, conflict: 'last_owner' },
      );
    },

    /** Out of every team. Conflict('last_owner') where one would be left without an owner. */
    removeEverywhere(accountId: string): void {
      database.write(
        sql`UPDATE teams SET updated_at = updated_at
          WHERE id IN (SELECT m.team_id FROM memberships m WHERE m.account_id = ${accountId})`,
      );
      database.write(
        {
          sql: `UPDATE accounts SET plan = plan
            WHERE id = ? AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.account_id = ? AND ${SOLELY_OWNED})`,
          bindings: [accountId, accountId],
        },
        { expects: 1, conflict: 'last_owner' },
      );
      database.write(sql`DELETE FROM memberships WHERE account_id = ${accountId}`);
    },
  };
}
