import { type Schema, schema } from './schema.ts';

const ports = schema.list(schema.integerOrString('^\\d+(:\\d+)?$'), 64);
const nets = schema.list(schema.string, 1024);

const entity = schema.object(
  {
    nets,
    notNets: nets,
    ports,
    notPorts: ports,
    selector: schema.string,
    notSelector: schema.string,
    namespaceSelector: schema.string,
    serviceAccounts: schema.anything,
    services: schema.anything,
  },
  schema.must("the lab's Calico stand-in matches no serviceAccounts", '!has(self.serviceAccounts)'),
  schema.must("the lab's Calico stand-in matches no services", '!has(self.services)'),
);

const protocol = schema.integerOrString('^[A-Za-z]+$');

const rules = schema.list(
  schema.object(
    {
      action: schema.enumeration('Allow', 'Deny', 'Log', 'Pass'),
      ipVersion: { ...schema.integer, enum: [4, 6] },
      protocol,
      notProtocol: protocol,
      icmp: schema.object({ type: schema.integer, code: schema.integer }),
      notICMP: schema.anything,
      http: schema.anything,
      metadata: schema.anything,
      source: entity,
      destination: entity,
    },
    schema.must('action is required', 'has(self.action)'),
    schema.must("the lab's Calico stand-in matches no http", '!has(self.http)'),
    schema.must("the lab's Calico stand-in matches no notICMP", '!has(self.notICMP)'),
  ),
  512,
);

const common = {
  tier: { ...schema.string, default: 'default' },
  order: schema.number,
  selector: schema.string,
  types: schema.list(schema.enumeration('Ingress', 'Egress'), 2),
  ingress: rules,
  egress: rules,
} as const;

export const profile: Schema = schema.object({
  labelsToApply: schema.map(schema.string),
  ingress: rules,
  egress: rules,
});

export const networkPolicy: Schema = schema.object(common);

const isSet = (field: string): string => `(has(self.${field}) && self.${field})`;

/** Rules of `libcalico-go/lib/validator/v3` (VA1-VA8). */
export const globalNetworkPolicy: Schema = schema.object(
  {
    ...common,
    namespaceSelector: schema.string,
    serviceAccountSelector: schema.string,
    applyOnForward: schema.boolean,
    preDNAT: schema.boolean,
    doNotTrack: schema.boolean,
  },
  schema.must('preDNAT and doNotTrack cannot both be true', `!(${isSet('preDNAT')} && ${isSet('doNotTrack')})`),
  schema.must(
    'preDNAT and doNotTrack require applyOnForward to be true',
    `!(${isSet('preDNAT')} || ${isSet('doNotTrack')}) || ${isSet('applyOnForward')}`,
  ),
  schema.must(
    'preDNAT policy cannot have egress rules',
    `!${isSet('preDNAT')} || !has(self.egress) || size(self.egress) == 0`,
  ),
  schema.must(
    "preDNAT policy cannot have 'Egress' in types",
    `!${isSet('preDNAT')} || !has(self.types) || !('Egress' in self.types)`,
  ),
);
