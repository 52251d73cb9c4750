import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import type { TokenCredential } from '@azure/identity';

/**
 * How many refused tokens are remembered; the SDK goes on offering one until it expires by its own account, at most a
 * day.
 */
const remembered = 20;

/**
 * Azure may refuse a token before its time: revoked, or a clock is off. The SDK would offer the same one again for as
 * long as it counts as fresh, so a refused
 * token is given up here, once for all clients that share the policy: a new one is obtained, and the request sent once
 * more. A second refusal is an answer.
 */
export function renewTokens(credential: TokenCredential, scope: string): PipelinePolicy {
  const refused = new Set<string>();
  let current: Promise<string> | undefined;
  const giveUp = (header: string): void => {
    if (refused.has(header)) return; // somebody beside us has asked already
    refused.add(header);
    for (const oldest of refused) if (refused.size > remembered) refused.delete(oldest);
    const mine = freshToken(credential, scope).then((token) => `Bearer ${token}`);
    current = mine;
    mine.catch(() => {
      refused.delete(header);
      if (current === mine) current = undefined;
    });
  };
  return {
    name: 'hepflowRenewing',
    async sendRequest(request, next) {
      const given = request.headers.get('authorization') ?? '';
      const sent = refused.has(given) ? ((await current) ?? given) : given;
      request.headers.set('authorization', sent);
      const response = await next(request);
      // A claims challenge is the SDK's own business.
      if (response.status !== 401 || (response.headers.get('www-authenticate') ?? '').includes('claims='))
        return response;
      giveUp(sent);
      const renewed = (await current) ?? sent;
      if (renewed === sent) return response; // the credential has no other
      request.headers.set('authorization', renewed);
      return next(request);
    },
  };
}

/**
 * A claim in the form of a token that was revoked makes the credential pass by its cache; one that knows no claims
 * (Azure CLI) is asked plainly.
 */
async function freshToken(credential: TokenCredential, scope: string): Promise<string> {
  const claims = JSON.stringify({
    access_token: { nbf: { essential: true, value: String(Math.floor(Date.now() / 1000)) } },
  });
  const token =
    (await credential.getToken(scope, { claims }).catch(() => undefined)) ?? (await credential.getToken(scope));
  if (token === null) throw new Error('the credential gave no token');
  return token.token;
}
