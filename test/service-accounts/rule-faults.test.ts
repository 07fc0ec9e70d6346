// Which rules on the claims of an outside issuer are taken: every workload that meets them is somebody's own.
import { describe, expect, test } from 'vitest';
import { findRuleFault } from '../../config/claim-rules.ts';

const OURS = 'https://id.example.com';

type Rules = Record<string, string[]>;

function faultOf(rules: Rules, identifiedBy: string[] = []): string | undefined {
  return findRuleFault({ aud: [OURS], ...rules }, identifiedBy);
}

describe('rules that strangers meet are refused', () => {
  const cases: Rules[] = [
    {},
    { ref: ['refs/*'] },
    { ref: ['refs/heads/main'] },
    { event_name: ['push'] },
    { environment: ['production'] },
    { runner_environment: ['github-hosted'], ref: ['refs/heads/main'] },
    { sub: ['repo:*'] },
    { sub: ['repo:acme*'] },
    { sub: ['repo:acme/*'] },
    { sub: ['job:*'] },
    { sub: ['project_path:acme:*'] },
    { sub: ['system:serviceaccount:*'] },
    { sub: ['system:*'] },
    { sub: ['organization:acme:*'] },
    { sub: ['repo:acme/shop:ref:refs/heads/main', 'repo:*'] },
    { repository: ['acme/shop', 'acme/*'] },
    { project_path: ['acme/*'] },
    { constructor: ['x'] },
    { job_workflow_ref: ['acme/flows/.github/workflows/deploy.yml@refs/heads/main'] },
  ];
  test.each(cases.map((rules) => [rules]))('%j', (rules) => {
    expect(faultOf(rules)).toMatch(/tells workloads apart|after a \/ or a :/);
  });
});

describe('rules that name the workload are taken', () => {
  const cases: Rules[] = [
    { sub: ['repo:acme/shop:ref:refs/heads/main'] },
    { sub: ['repo:acme/shop:*'] },
    { sub: ['repo:acme/shop:ref:refs/tags/*', 'repo:acme/mail:*'] },
    { sub: ['project_path:acme/web/shop:*'] },
    { sub: ['system:serviceaccount:shop:deployer'] },
    { sub: ['system:serviceaccount:shop:*'] },
    { sub: ['organization:acme:project:shop:*'] },
    { repository: ['acme/shop', 'acme/mail'], ref: ['refs/tags/*'] },
    { repository_owner_id: ['42'], sub: ['repo:acme/*'] },
    { project_id: ['7'] },
    { azp: ['robot'] },
  ];
  test.each(cases.map((rules) => [rules]))('%j', (rules) => {
    expect(faultOf(rules)).toBeUndefined();
  });
});

test('an operator may name another claim that tells workloads apart, with exact values, and never aud', () => {
  const rules = { pipeline: ['acme-7'] };
  expect(faultOf(rules)).toMatch(/tells workloads apart/);
  expect(faultOf(rules, ['pipeline'])).toBeUndefined();
  expect(faultOf({ pipeline: ['acme/*'] }, ['pipeline'])).toMatch(/tells workloads apart/);
  expect(faultOf({}, ['aud'])).toMatch(/tells workloads apart/);
});
