/**
 * Which room may import what: the one table, from which the check works and the table in ARCHITECTURE.md is generated.
 */

export interface Room {
  /** A folder, or a file, of the repository. The first room that a file lies in counts. */
  readonly path: string;
  /** What it holds, one line. */
  readonly holds: string;
  /** Folders and files of the repository that it may import, beside itself. */
  readonly imports: readonly string[];
  /** Packages that it may import: whole names, or scopes that end in a slash. `any`: all but `not`. */
  readonly packages: readonly string[] | { readonly anyBut: readonly string[] };
  /** Whether it may import Node's own modules. */
  readonly node: boolean;
}

/** Packages that speak to Azure, to Kubernetes and to SSH servers: only adapters know them. */
const technologies = ['@azure/', '@kubernetes/', 'ssh2'];

export const rooms: readonly Room[] = [
  {
    path: 'src/contract',
    holds: 'types and their lists: mission, plan, steps, evidence, verdicts, report, failures, messages',
    imports: [],
    packages: [],
    node: false,
  },
  {
    path: 'src/evidence',
    holds: 'tracks of an observer, seals, the chain; the seal of a report and its signature',
    imports: ['src/contract'],
    packages: ['canonicalize'],
    node: true,
  },
  {
    path: 'src/ownership',
    holds: 'names, tags, labels and marks from the run id, and their signatures; who owns a thing',
    imports: ['src/contract'],
    packages: [],
    node: true,
  },
  {
    path: 'src/model',
    holds: "Calico's rules: selectors, and which policies select a host endpoint",
    imports: ['src/contract'],
    packages: [],
    node: false,
  },
  {
    path: 'src/scenario',
    holds: 'the workshop as data; targets and expectations of its phases',
    imports: ['src/contract'],
    packages: [],
    node: false,
  },
  {
    path: 'src/judge',
    holds: 'what evidence means: verdicts, transitions, findings, outcome, and their sentences; runs in the workflow',
    imports: ['src/contract', 'src/scenario', 'src/evidence/track.ts'],
    packages: [],
    node: false,
  },
  {
    path: 'src/audit',
    holds: 'the check of a whole report: shape, chain, and that all of it follows from the evidence',
    imports: ['src/contract', 'src/scenario', 'src/evidence', 'src/judge'],
    packages: ['zod'],
    node: true,
  },
  {
    path: 'src/workflows',
    holds: 'the mission, what surrounds it, undo, the sweep, messages, time limits',
    imports: [
      'src/contract',
      'src/scenario',
      'src/judge',
      'src/evidence/track.ts',
      'src/evidence/report-seal.ts',
      'src/ownership/holder.ts',
      'src/sweep/decide.ts',
    ],
    packages: ['@temporalio/workflow', '@temporalio/common'],
    node: false,
  },
  {
    path: 'src/adapters/azure',
    holds: 'Azure Resource Manager',
    imports: ['src/contract'],
    packages: ['@azure/', 'ipaddr.js'],
    node: true,
  },
  {
    path: 'src/adapters/kubernetes',
    holds: 'Kubernetes and, behind one port, Calico',
    imports: ['src/contract'],
    packages: ['@kubernetes/', 'undici'],
    node: true,
  },
  { path: 'src/adapters/ssh', holds: 'SSH', imports: ['src/contract'], packages: ['ssh2', 'undici'], node: true },
  {
    path: 'src/adapters/temporal',
    holds: 'one question to Temporal: is that run over?',
    imports: ['src/contract'],
    packages: ['@temporalio/client', '@temporalio/common'],
    node: true,
  },
  {
    path: 'src/step',
    holds: 'what every step is given, how it waits, and how its errors become failures of the catalogue',
    imports: ['src/contract', 'src/ownership', 'src/adapters'],
    packages: ['@temporalio/activity'],
    node: true,
  },
  {
    path: 'src/changes',
    holds: 'one folder a kind of change: body, apply, undo, command by hand, rights, traces, words',
    imports: ['src/contract', 'src/ownership', 'src/model', 'src/adapters', 'src/step'],
    packages: [],
    node: true,
  },
  {
    path: 'src/vantage',
    holds: 'where connections come from: the port, the Azure VM, the prober and the observer',
    imports: ['src/contract', 'src/ownership', 'src/evidence', 'src/adapters', 'src/step', 'src/changes'],
    packages: ['zod'],
    node: true,
  },
  {
    path: 'src/preflight',
    holds: 'the reads before anything is changed; `hepflow doctor` shows all of them',
    imports: [
      'src/contract',
      'src/ownership',
      'src/model',
      'src/scenario',
      'src/adapters',
      'src/step',
      'src/changes',
      'src/vantage',
    ],
    packages: ['ipaddr.js', 'yaml'],
    node: true,
  },
  {
    path: 'src/sweep',
    holds: 'what dead runs left: found, and decided upon',
    imports: ['src/contract', 'src/ownership', 'src/adapters', 'src/step', 'src/changes', 'src/preflight/azure'],
    packages: [],
    node: true,
  },
  {
    path: 'src/activities',
    holds: 'the registry of all that runs as an activity; heartbeat, undo in batches: thin',
    imports: [
      'src/contract',
      'src/evidence',
      'src/ownership',
      'src/adapters',
      'src/step',
      'src/changes',
      'src/vantage',
      'src/preflight',
      'src/sweep',
    ],
    packages: ['@temporalio/activity'],
    node: true,
  },
  {
    path: 'src/config',
    holds: "the run spec and the worker's options: flag, environment, file, default; every problem at once",
    imports: ['src/contract'],
    packages: { anyBut: ['@temporalio/', ...technologies] },
    node: true,
  },
  {
    path: 'src/report',
    holds: 'JSON, Markdown, text, HTML, JUnit: functions of the report alone',
    imports: ['src/contract', 'src/evidence/track.ts'],
    packages: { anyBut: ['@temporalio/', ...technologies] },
    node: true,
  },
  {
    path: 'src/codec',
    holds: 'encryption of what Temporal stores; the codec server',
    imports: ['src/contract', 'src/config/payload-keys.ts'],
    packages: ['@temporalio/common', '@temporalio/proto'],
    node: true,
  },
  {
    path: 'src/cli',
    holds: 'commands, what they show, exit codes',
    imports: [
      'src/contract',
      'src/config',
      'src/report',
      'src/codec',
      'src/audit',
      'src/evidence/report-seal.ts',
      'src/judge/sentences/summary.ts',
      'src/adapters/ssh/keys.ts',
      'src/worker.ts',
      'src/worker/doctor.ts',
    ],
    packages: { anyBut: ['@temporalio/worker', ...technologies] },
    node: true,
  },
  {
    path: 'src/worker.ts',
    holds: 'the worker: where configuration, adapters and activities meet',
    imports: [
      'src/contract',
      'src/config',
      'src/codec',
      'src/activities',
      'src/evidence/envelope.ts',
      'src/ownership/signature.ts',
      'src/scenario',
      'src/step',
      'src/adapters',
      'src/worker',
    ],
    packages: ['@temporalio/'],
    node: true,
  },
  {
    path: 'src/worker',
    holds: "the worker's log, health and readers; the doctor",
    imports: ['src/contract', 'src/config', 'src/scenario', 'src/step', 'src/adapters', 'src/preflight'],
    packages: ['@temporalio/worker', '@azure/identity'],
    node: true,
  },
  { path: 'src', holds: 'nothing else', imports: [], packages: [], node: false },
  {
    path: 'lab',
    holds: 'a stand-in Azure and a real cluster on this machine; nothing of `src`',
    imports: ['deploy'],
    packages: { anyBut: ['@azure/'] },
    node: true,
  },
];
