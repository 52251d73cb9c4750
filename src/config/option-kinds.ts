/**
 * Kinds of option values: each gives the value in its type, or throws a RuleError with rule, value got and remedy.
 * Secrets are not shown.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter } from 'node:path';
import { type FoundOption, RuleError } from './lookup.ts';
import { looksRandom, readOwnersFile } from './owners-file.ts';

export type AzureCloud = 'public' | 'usgovernment' | 'china' | 'custom';

/**
 * Endpoints of the clouds: https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure and
 * Azure China's equivalent.
 */
export const azureClouds: Readonly<
  Record<AzureCloud, { readonly armEndpoint: string; readonly authorityHost: string | undefined }>
> = {
  public: { armEndpoint: 'https://management.azure.com', authorityHost: undefined },
  usgovernment: {
    armEndpoint: 'https://management.usgovcloudapi.net',
    authorityHost: 'https://login.microsoftonline.us',
  },
  china: { armEndpoint: 'https://management.chinacloudapi.cn', authorityHost: 'https://login.chinacloudapi.cn' },
  custom: { armEndpoint: '', authorityHost: undefined },
};

export const readText = ({ value }: FoundOption): string => value;

export const readOneOf =
  <T extends string>(words: readonly T[]) =>
  ({ value }: FoundOption): T => {
    const word = words.find((each) => each === value);
    if (word === undefined) throw new RuleError(`must be one of ${words.join(', ')}; got ${value}.`, 'Correct it.');
    return word;
  };

export const readWholeMs =
  (min: number, max: number) =>
  ({ value }: FoundOption): number => {
    if (!/^\d+$/.test(value) || Number(value) < min || Number(value) > max)
      throw new RuleError(`must be whole milliseconds from ${min} to ${max}; got ${value}.`, 'Correct it.');
    return Number(value);
  };

/** An https origin: tokens are sent there, so never in the clear and never to a path. */
export function readHttpsOrigin({ value }: FoundOption): string {
  const url = URL.parse(value);
  if (
    url?.protocol !== 'https:' ||
    url.username !== '' ||
    url.pathname !== '/' ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw new RuleError(
      `must be an https origin without a path; got ${url?.password ? 'one with a password' : value}.`,
      'Write it as https://host or https://host:port.',
    );
  }
  return url.origin;
}

/** May hold a password: hidden behind a function, and not shown when it is wrong. */
export function readProxyUrl({ value }: FoundOption): () => string {
  const url = URL.parse(value);
  if (url?.protocol !== 'http:' || url.hostname === '')
    throw new RuleError(
      'must be the URL of an HTTP proxy.',
      'Write it as http://host:port or http://user:password@host:port.',
    );
  return () => value;
}

/** `host:port`. */
export function readAddress({ value }: FoundOption): string {
  const port = Number(/^(?:[\w.-]+|\[[\da-fA-F:]+\]):(\d{1,5})$/.exec(value)?.[1] ?? Number.NaN);
  if (!(port >= 0 && port <= 65_535))
    throw new RuleError(`must be host:port; got ${value}.`, 'Write it as 127.0.0.1:9464.');
  return value;
}

export function readKubeconfig({ value }: FoundOption): string {
  try {
    accessSync(value, constants.R_OK);
    if (statSync(value).isFile()) return value;
  } catch {
    // told below
  }
  throw new RuleError(
    `must be a file that can be read; got ${value}.`,
    value.includes(delimiter)
      ? 'Name one file: kubectl config view --flatten --raw makes one of several.'
      : 'Correct the path, or leave it out to use the AKS user credential.',
  );
}

const secretBytes = 32;
const makeSecret = (file: string): string => `openssl rand -out ${file} ${secretBytes} && chmod 600 ${file}`;

/** Bytes of a secret file. */
export function readSecretFile({ value: file }: FoundOption): () => Buffer {
  const secret = readOwnersFile(file, makeSecret(file));
  if (secret.byteLength < secretBytes)
    throw new RuleError(`must hold at least ${secretBytes} bytes; ${file} has ${secret.byteLength}.`, makeSecret(file));
  if (!looksRandom(secret)) throw new RuleError(`must be random; ${file} is not.`, makeSecret(file));
  return () => secret;
}
