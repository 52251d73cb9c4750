import type { FastifyInstance } from 'fastify';

/**
 * The cloud's description of itself, which tools read before they log in. API 2019-05-01 answers a list, later ones one
 * object.
 */
export function registerMetadataRoutes(app: FastifyInstance): void {
  app.get('/metadata/endpoints', (request) => {
    const origin = `https://${request.host}`;
    const cloud = {
      name: 'hepflow-lab',
      portal: origin,
      authentication: {
        loginEndpoint: `${origin}/adfs`,
        audiences: [origin],
        tenant: 'adfs',
        identityProvider: 'ADFS',
      },
      graphAudience: origin,
      graph: origin,
      resourceManager: origin,
      media: origin,
      batch: origin,
      suffixes: {
        storage: 'storage.localhost',
        keyVaultDns: 'vault.localhost',
        acrLoginServer: 'registry.localhost',
        sqlServerHostname: 'sql.localhost',
      },
    };
    const { 'api-version': version } = request.query as Record<string, string | undefined>;
    return version === '2019-05-01' ? [cloud] : cloud;
  });
}
