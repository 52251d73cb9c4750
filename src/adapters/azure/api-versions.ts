import type { PipelinePolicy } from '@azure/core-rest-pipeline';

/** Versions of Azure's APIs by namespace or type, in place of those of the SDK's packages. */
export type ApiVersions = Readonly<Record<string, string>>;

/** Sovereign clouds get new versions late; recordings show these served there. */
export const sovereignApiVersions: ApiVersions = {
  'microsoft.network': '2025-05-01',
  'microsoft.compute': '2025-04-01',
  'microsoft.compute/disks': '2025-01-02',
  'microsoft.containerservice': '2025-02-01',
  'microsoft.resources': '2021-04-01',
};

/** Asks for these versions. The URL of an operation is signed with its version, so it stays as Azure gave it. */
export const pinApiVersions = (versions: ApiVersions): PipelinePolicy => ({
  name: 'hepflowApiVersions',
  async sendRequest(request, next) {
    const [path = ''] = request.url.split('?');
    const [, namespace = 'microsoft.resources', type = ''] =
      /.*\/providers\/([^/]+)(?:\/([^/]+))?/i.exec(path)?.map((part) => part?.toLowerCase()) ?? [];
    const version = versions[`${namespace}/${type}`] ?? versions[namespace];
    if (version !== undefined && type !== 'locations')
      request.url = request.url.replace(/([?&]api-version=)[^&]*/, `$1${version}`);
    return next(request);
  },
});
