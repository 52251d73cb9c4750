import fastify, { type FastifyInstance } from 'fastify';
import type { Authority } from '../certificates.ts';
import type { LoggedRequest } from './faults/control.ts';

/** A TLS server that reads forms and JSON, and nothing else. */
export async function createApp(authority: Authority): Promise<FastifyInstance> {
  const { certPem, keyPem } = await authority.issue('azure', { dns: ['localhost'], ips: ['127.0.0.1', '::1'] });
  const app = fastify({
    https: { cert: certPem, key: keyPem },
    routerOptions: { caseSensitive: false, ignoreDuplicateSlashes: true, maxParamLength: 200 },
    forceCloseConnections: true,
    bodyLimit: 4 << 20,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? undefined : JSON.parse(String(body)));
    } catch (error) {
      done(Object.assign(error as Error, { statusCode: 400 }));
    }
  });
  return app as unknown as FastifyInstance;
}

/** Keeps every request except those to `/lab`, in order of arrival. */
export function logRequests(app: FastifyInstance, log: LoggedRequest[]): void {
  app.addHook('onRequest', async (request, reply) => {
    const [path = ''] = request.url.split('?');
    if (path.startsWith('/lab/')) return;
    const entry: LoggedRequest = { method: request.method, path, status: 0 };
    log.push(entry);
    reply.raw.once('finish', () => {
      entry.status = reply.raw.statusCode;
    });
  });
}
