import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type CryptoKey, errors, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { cluster } from '../../scope.ts';
import { createArmError } from '../arm/errors.ts';

/** The one service principal that the lab knows. */
export interface Credentials {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subscriptionId: string;
}

/** Tokens of the stand-in Entra. */
export interface Entra {
  readonly credentials: Credentials;
  registerRoutes(app: FastifyInstance): void;
  /**
   * Throws AuthenticationFailed, InvalidAuthenticationToken or ExpiredAuthenticationToken unless the header carries a
   * token that was issued here.
   */
  authenticate(authorization: string | undefined): Promise<void>;
}

const keyId = 'lab';
const objectId = '00000000-0000-4000-8000-0000000000cc';
const lifetimeSeconds = 3600;

export async function createEntra(): Promise<Entra> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: keyId, use: 'sig', alg: 'RS256' };
  const credentials: Credentials = {
    tenantId: cluster.tenantId,
    clientId: '00000000-0000-4000-8000-0000000000bb',
    clientSecret: randomBytes(24).toString('base64url'),
    subscriptionId: cluster.subscriptionId,
  };
  return {
    credentials,
    registerRoutes(app) {
      // `/adfs` is the form that skips Microsoft's instance discovery; the other is Entra's own
      for (const prefix of ['/:tenant/v2.0', '/:tenant', '/adfs'])
        app.get(`${prefix}/.well-known/openid-configuration`, (request) => describeIssuer(request));
      for (const path of ['/:tenant/discovery/v2.0/keys', '/adfs/discovery/keys'])
        app.get(path, () => ({ keys: [jwk] }));
      for (const path of ['/:tenant/oauth2/v2.0/token', '/:tenant/oauth2/token', '/adfs/oauth2/token']) {
        app.post(path, async (request, reply) => issueToken(request, reply, credentials, privateKey));
      }
    },
    authenticate: (authorization) => authenticate(authorization, publicKey),
  };
}

function describeIssuer(request: FastifyRequest): object {
  const { tenant = 'adfs' } = request.params as { tenant?: string };
  const base = `https://${request.host}/${tenant}`;
  const adfs = tenant === 'adfs';
  return {
    issuer: adfs ? base : `${base}/v2.0`,
    authorization_endpoint: adfs ? `${base}/oauth2/authorize` : `${base}/oauth2/v2.0/authorize`,
    token_endpoint: adfs ? `${base}/oauth2/token` : `${base}/oauth2/v2.0/token`,
    jwks_uri: adfs ? `${base}/discovery/keys` : `${base}/discovery/v2.0/keys`,
    response_types_supported: ['code', 'id_token'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    tenant_region_scope: 'EU',
  };
}

async function issueToken(
  request: FastifyRequest,
  reply: FastifyReply,
  credentials: Credentials,
  key: CryptoKey,
): Promise<object> {
  const { tenant = 'adfs' } = request.params as { tenant?: string };
  const form = new URLSearchParams(typeof request.body === 'string' ? request.body : '');
  const refuse = (status: number, error: string, number: number, text: string): FastifyReply =>
    reply.code(status).send({
      error,
      error_description: `AADSTS${number}: ${text}`,
      error_codes: [number],
      timestamp: new Date().toISOString(),
      trace_id: randomUUID(),
      correlation_id: randomUUID(),
    });
  if (tenant !== 'adfs' && tenant !== credentials.tenantId)
    return refuse(400, 'invalid_request', 90002, `Tenant '${tenant}' not found.`);
  if (form.get('grant_type') !== 'client_credentials')
    return refuse(
      400,
      'unsupported_grant_type',
      70003,
      `The lab issues no tokens for grant type '${form.get('grant_type')}'.`,
    );
  if (form.get('client_id') !== credentials.clientId)
    return refuse(
      400,
      'unauthorized_client',
      700016,
      `Application with identifier '${form.get('client_id')}' was not found in the directory.`,
    );
  if (!isSameSecret(form.get('client_secret') ?? '', credentials.clientSecret))
    return refuse(401, 'invalid_client', 7000215, 'Invalid client secret provided.');
  const audience = (form.get('scope')?.split(' ')[0] ?? form.get('resource') ?? `https://${request.host}`).replace(
    /\/\.default$/,
    '',
  );
  const token = await new SignJWT({
    tid: credentials.tenantId,
    oid: objectId,
    sub: objectId,
    appid: credentials.clientId,
    idtyp: 'app',
    ver: '1.0',
  })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: keyId })
    .setIssuer(`https://${request.host}/${credentials.tenantId}/`)
    .setAudience(audience)
    .setIssuedAt()
    .setJti(randomUUID()) // two tokens of one second differ
    .setNotBefore('0s')
    .setExpirationTime(`${lifetimeSeconds}s`)
    .sign(key);
  return { token_type: 'Bearer', expires_in: lifetimeSeconds, ext_expires_in: lifetimeSeconds, access_token: token };
}

function isSameSecret(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

async function authenticate(authorization: string | undefined, key: CryptoKey): Promise<void> {
  const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) throw createArmError('AuthenticationFailed');
  try {
    await jwtVerify(token, key);
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw createArmError('ExpiredAuthenticationToken');
    throw createArmError('InvalidAuthenticationToken', {
      text: error instanceof Error ? error.message : String(error),
    });
  }
}
