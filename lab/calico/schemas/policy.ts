import {
  anything,
  boolean,
  integer,
  integerOrString,
  listOf,
  mapOf,
  must,
  number,
  object,
  oneOf,
  type Schema,
  string,
} from './schema.ts';

const ports = listOf(integerOrString('^\\d+(:\\d+)?$'), 64);
const nets = listOf(string, 1024);

const entity = object(
  {
    nets,
    notNets: nets,
    ports,
    notPorts: ports,
    selector: string,
    notSelector: string,
    namespaceSelector: string,
    serviceAccounts: anything,
    services: anything,
  },
  must("the lab's Calico stand-in matches no serviceAccounts", '!has(self.serviceAccounts)'),
  must("the lab's Calico stand-in matches no services", '!has(self.services)'),
);

const protocol = integerOrString('^[A-Za-z]+$');
const hasPorts = (side: string): string =>
  `(has(self.${side}) && (has(self.${side}.ports) || has(self.${side}.notPorts)))`;

const rules = listOf(
  object(
    {
      action: oneOf('Allow', 'Deny', 'Log', 'Pass'),
      ipVersion: { ...integer, enum: [4, 6] },
      protocol,
      notProtocol: protocol,
      icmp: object({ type: integer, code: integer }),
      notICMP: anything,
      http: anything,
      metadata: anything,
      source: entity,
      destination: entity,
    },
    must('action is required', 'has(self.action)'),
    must("the lab's Calico stand-in matches no http", '!has(self.http)'),
    must("the lab's Calico stand-in matches no notICMP", '!has(self.notICMP)'),
    must(
      'rules that name ports must have protocol TCP, UDP or SCTP',
      `!(${hasPorts('source')} || ${hasPorts('destination')}) || (has(self.protocol) && (self.protocol in ['TCP', 'UDP', 'SCTP', 'tcp', 'udp', 'sctp'] || self.protocol in [6, 17, 132]))`,
    ),
  ),
  512,
);

const common = {
  tier: { ...string, default: 'default' },
  order: number,
  selector: string,
  types: listOf(oneOf('Ingress', 'Egress'), 2),
  ingress: rules,
  egress: rules,
} as const;

export const profile: Schema = object({ labelsToApply: mapOf(string), ingress: rules, egress: rules });

export const networkPolicy: Schema = object(common);

const isSet = (field: string): string => `(has(self.${field}) && self.${field})`;

/** Rules of `libcalico-go/lib/validator/v3` (VA1-VA8). */
export const globalNetworkPolicy: Schema = object(
  { ...common, namespaceSelector: string, applyOnForward: boolean, preDNAT: boolean, doNotTrack: boolean },
  must('preDNAT and doNotTrack cannot both be true', `!(${isSet('preDNAT')} && ${isSet('doNotTrack')})`),
  must(
    'preDNAT and doNotTrack require applyOnForward to be true',
    `!(${isSet('preDNAT')} || ${isSet('doNotTrack')}) || ${isSet('applyOnForward')}`,
  ),
  must(
    'preDNAT policy cannot have egress rules',
    `!${isSet('preDNAT')} || !has(self.egress) || size(self.egress) == 0`,
  ),
  must(
    "preDNAT policy cannot have 'Egress' in types",
    `!${isSet('preDNAT')} || !has(self.types) || !('Egress' in self.types)`,
  ),
);
