import { first, second } from '../support/evidence.ts';
import { holdConnection, vms } from '../support/observation.ts';
import { rows, watched, whole } from './deny.ts';

/** One that answered, opened and asked so many milliseconds after slot 0 began; the port fell silent by 1078 ms. */
const heldWithin = (openedMs: number, checkedMs: number) => ({
  ...holdConnection(first, 'answered', checkedMs),
  openedAt: vms(openedMs),
});

rows('heldConnection', [
  [
    'that still answers shows that the deny cuts none',
    whole(),
    'CONFIRMED',
    /^A connection to node-1:30080 that was opened before the deny still answered after it\. The deny refuses/,
  ],
  [
    'that was reset contradicts, with what else may have done it',
    whole({ observation: watched({ held: [holdConnection(first, 'reset')] }) }),
    'CONTRADICTED',
    / was reset\. A pre-DNAT deny does not do that; a server that ends idle connections itself may have done it\.$/,
  ],
  [
    'that was closed contradicts',
    whole({ observation: watched({ held: [holdConnection(first, 'closed')] }) }),
    'CONTRADICTED',
    / was closed\./,
  ],
  [
    'that gave no answer contradicts',
    whole({ observation: watched({ held: [holdConnection(first, 'silent')] }) }),
    'CONTRADICTED',
    / gave no answer after it\./,
  ],
  [
    'that could not be opened is UNKNOWN',
    whole({ observation: watched({ held: [holdConnection(first, 'unopened')] }) }),
    'UNKNOWN',
    /none could be opened before/,
  ],
  [
    'that was asked before the port fell silent proves nothing',
    whole({ observation: watched({ held: [holdConnection(first, 'answered', 900)] }) }),
    'UNKNOWN',
    /it was asked before the port fell silent/,
  ],
  [
    'that was opened after the port fell silent proves nothing',
    whole({ observation: watched({ held: [{ ...holdConnection(first, 'answered'), openedAt: vms(3000) }] }) }),
    'UNKNOWN',
    /it was opened only after/,
  ],
  [
    'counts when it was opened before and asked after the very moment of the first silence',
    whole({ observation: watched({ held: [heldWithin(1079, 1079)] }) }),
    'CONFIRMED',
    /still answered/,
  ],
  [
    'that was asked a millisecond before the latest moment of the first silence proves nothing',
    whole({ observation: watched({ held: [heldWithin(-500, 1078)] }) }),
    'UNKNOWN',
    /it was asked before the port fell silent/,
  ],
  [
    'that was opened a millisecond after it proves nothing',
    whole({ observation: watched({ held: [heldWithin(1080, 4900)] }) }),
    'UNKNOWN',
    /it was opened only after/,
  ],
  [
    'is looked for by its port, and the first one counts',
    whole({
      observation: watched({
        held: [holdConnection(second, 'reset'), holdConnection(first, 'answered'), holdConnection(first, 'closed')],
      }),
    }),
    'CONFIRMED',
    /to node-1:30080 .* still answered/,
  ],
  [
    'to another port alone is UNKNOWN',
    whole({ observation: watched({ held: [holdConnection(second, 'answered')] }) }),
    'UNKNOWN',
    /none could be opened before/,
  ],
  [
    'to a port that never fell silent proves nothing',
    whole({ observation: { ...watched(), tracks: { ...watched().tracks, [first.id]: '203o' } } }),
    'UNKNOWN',
    /no observer saw the port fall silent/,
  ],
  ['without an observer is UNKNOWN', whole({ observation: { missing: 'x' } }), 'UNKNOWN', /none was held/],
]);
