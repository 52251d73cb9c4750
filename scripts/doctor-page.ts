/** docs/doctor.md: what the doctor looks at, from the table of topics. */
import { type Area, topics } from '../src/contract/diagnosis.ts';

const areas: Readonly<Record<Area, string>> = {
  azure: 'Azure',
  cluster: 'The cluster',
  calico: 'Calico',
  workload: 'The workload',
};

const intro = `# The doctor

The tables of this page are generated from \`src/contract/diagnosis.ts\` by \`npm run docs\`; a test compares them.

\`\`\`
hepflow doctor -f run.yaml            # or -g GROUP -c CLUSTER --subscription ID
hepflow doctor -f run.yaml --json
\`\`\`

looks at everything that a run would depend on, and changes nothing. It tells all that it finds at once, what is in
order too; each finding has a level, what was found, and where
something is to be done, the way out.

| level | meaning |
|---|---|
| \`problem\` | Preflight refuses a run. |
| \`warning\` | A run goes on, and may come to harm or do some; the sentence stands in its report. |
| \`info\` | Worth knowing. |
| \`ok\` | Looked at, and in order. |

It is the run's own preflight, told in full: the same code, with two differences. What cannot be asked (Azure or the
API server does not answer) is a problem beside the other findings,
where preflight tries again. And Temporal is not needed, so it is not asked whether the run that holds a cluster is
over: a warning then.

It needs a worker's credentials and endpoints (\`AZURE_…\`, \`HEPFLOW_AZURE_CLOUD\`, \`HEPFLOW_ARM_ENDPOINT\`,
\`HEPFLOW_KUBECONFIG\`, … or their flags), but no worker, and not the worker's
secret. With \`--kubeconfig\` the cluster is looked at also when Azure does not answer.

Exit codes: 0 no problem, 1 a problem, 3 it could not look (a wrong spec or wrong options; every mistake is listed).

\`--json\` prints \`{"counts": {"problem": …, "warning": …, "info": …, "ok": …}, "findings": [{"level", "topic",
"code", "field", "reason", "remedy"}]}\`: \`topic\` is the word in the first
column below, \`code\` a problem's row in [errors.md](errors.md), \`field\` the field of the run spec that it is about.
`;

const outro = `
## Rights

Everything is read with the rights of \`deploy/\`. Four of them are optional: \`get\` of the profile
\`projectcalico-default-allow\`, of the DaemonSet calico-node, and of kube-proxy's ConfigMap and DaemonSet in
kube-system. Without them the finding is \`info\`: not readable.

## What it does not see

- Which version calico-node and calico-kube-controllers each have; calico#3552 came from a difference.
  ClusterInformation has one version for all.
- What a policy that selects nodes allows: it is named whatever its rules, because a tier's default deny comes after
  them.
- Quotas and the VM sizes that the region has left: Azure says so when the VM is made, and the run tries the next size.
`;

export function doctorPage(): string {
  const table = (area: Area): string[] => [
    '',
    `## ${areas[area]}`,
    '',
    '| topic | asks | problem when | warning when |',
    '|---|---|---|---|',
    ...Object.entries(topics)
      .filter(([, row]) => row.area === area)
      .map(([topic, { asks, problem, warning }]) => `| \`${topic}\` | ${asks} | ${problem} | ${warning} |`),
  ];
  return `${[intro.trimEnd(), ...(Object.keys(areas) as Area[]).flatMap(table)].join('\n')}\n${outro}`;
}
