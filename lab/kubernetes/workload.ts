/** The workshop's deployment: two pods of `frontend` in the namespace `default`. */
export const frontendImage = 'hepflow-lab/frontend:1';

export const frontend = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'frontend', namespace: 'default', labels: { app: 'frontend' } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'frontend' } },
    template: {
      metadata: { labels: { app: 'frontend' } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: 'server',
            image: frontendImage,
            ports: [{ containerPort: 8080 }],
            readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1, timeoutSeconds: 1 },
          },
        ],
      },
    },
  },
} as const;
