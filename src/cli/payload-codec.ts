import type { PayloadCodec } from '@temporalio/common';
import { createPayloadCodec } from '../codec/payload-codec.ts';
import { RuleError } from '../config/lookup.ts';
import { type PayloadKey, type PayloadMode, payloadModes, readPayloadKeys } from '../config/payload-keys.ts';
import { CommandError } from './exit-code.ts';

/** The key ring that HEPFLOW_PAYLOAD_KEY names; undefined when it is not set. */
export function readKeyRing(): (() => readonly PayloadKey[]) | undefined {
  const file = process.env['HEPFLOW_PAYLOAD_KEY'];
  if (!file) return undefined;
  try {
    return readPayloadKeys({ value: file });
  } catch (error) {
    if (error instanceof RuleError) throw new CommandError(`HEPFLOW_PAYLOAD_KEY ${error.message} ${error.remedy}`);
    throw error;
  }
}

/** The codec of every command that reads or writes what Temporal stores. */
export const loadPayloadCodec = (): PayloadCodec => createPayloadCodec(readKeyRing(), readMode());

function readMode(): PayloadMode {
  const value = process.env['HEPFLOW_PAYLOAD_MODE'] || 'accept';
  const mode = payloadModes.find((each) => each === value);
  if (mode === undefined || (mode === 'require' && !process.env['HEPFLOW_PAYLOAD_KEY']))
    throw new CommandError(
      `HEPFLOW_PAYLOAD_MODE must be one of ${payloadModes.join(', ')}, and require needs HEPFLOW_PAYLOAD_KEY; ` +
        `got ${value}.`,
    );
  return mode;
}
