/** A chain of credentials fails with the reasons of each: what is told is the one that can be mended. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AggregateAuthenticationError, CredentialUnavailableError } from '@azure/identity';
import { explainCredential } from '../../../src/adapters/azure/credential.ts';

const unavailable = [
  'EnvironmentCredential is unavailable. No underlying credential could be used. To troubleshoot, visit https://aka.ms/x.',
  'WorkloadIdentityCredential: is unavailable. tenantId, clientId, and federatedTokenFilePath are required parameters.',
  'ManagedIdentityCredential: Authentication failed. Message Attempted to use the IMDS endpoint, but it is not there.',
  "Azure PowerShell: could not be found. Please install and then 'Connect-AzAccount' in PowerShell.",
  "Azure Developer CLI couldn't be found. To mitigate this issue, see the troubleshooting guidelines.",
];
const chain = (...texts: readonly string[]) =>
  new AggregateAuthenticationError(
    texts.map((text) => new CredentialUnavailableError(text)),
    'ChainedTokenCredential authentication failed.',
  );

test('az login that is not done or has expired is told alone', () => {
  const login = "Please run 'az login' from a command prompt to authenticate before using this credential.";
  const [first = '', ...rest] = unavailable;
  assert.equal(explainCredential(chain(first, login, ...rest)), login);
  const expired =
    'ERROR: AADSTS700082: The refresh token has expired due to inactivity. The token was issued on 2026-01-01.\n' +
    'Trace ID: 00000000-0000-0000-0000-000000000000\naz login --tenant t';
  assert.equal(
    explainCredential(chain(...unavailable, expired)),
    'AADSTS700082: The refresh token has expired due to inactivity. The token was issued on 2026-01-01.',
  );
});

test('where nothing is set up, that is said with one reason', () => {
  const told = explainCredential(chain(...unavailable));
  assert.match(told, /^none of 5 ways to get a credential is set up, such as EnvironmentCredential is unavailable/);
  assert.ok(told.length < 400);
});

test('one credential tells its own reason, bounded', () => {
  assert.equal(explainCredential(new Error('no credential here')), 'no credential here');
  assert.equal(explainCredential(new Error(`AADSTS7000215: ${'x'.repeat(2000)}`)).length, 300);
  assert.equal(explainCredential('text'), 'text');
  assert.equal(explainCredential(new Error('')), '');
});
