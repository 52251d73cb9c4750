/**
 * Which host endpoints a GlobalNetworkPolicy selects. Calico joins its three selectors to one (libcalico-go's
 * globalnetworkpolicyprocessor): keys of a namespace's labels get `pcns.` in front, those of a service account's
 * `pcsa.`, and where either is asked for, `all()` comes to mean "has one", in the policy's own selector too. A host
 * endpoint has neither, so only what asks for their absence selects it.
 */
import { parseSelector, type Selector } from './selector.ts';

interface PolicySelectors {
  readonly selector?: string;
  readonly namespaceSelector?: string;
  readonly serviceAccountSelector?: string;
}

/** Throws SelectorError. */
export function parsePolicySelector(spec: PolicySelectors): Selector {
  const { selector = '', namespaceSelector = '', serviceAccountSelector = '' } = spec;
  const isConfined = namespaceSelector !== '' || serviceAccountSelector !== '';
  const parts = [
    parseSelector(selector, () => !isConfined),
    parsePrefixed(namespaceSelector, 'pcns.'),
    parsePrefixed(serviceAccountSelector, 'pcsa.'),
  ];
  return (labels) => parts.every((part) => part(labels));
}

function parsePrefixed(text: string, prefix: string): Selector {
  if (text === '') return () => true;
  const selects = parseSelector(text, () => false);
  return (labels) => {
    const prefixed = Object.entries(labels).filter(([key]) => key.startsWith(prefix));
    return selects(Object.fromEntries(prefixed.map(([key, value]) => [key.slice(prefix.length), value])));
  };
}
