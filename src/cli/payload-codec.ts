import type { PayloadCodec } from '@temporalio/common';
import { createPayloadCodec } from '../codec/payload-codec.ts';
import { RuleError } from '../config/lookup.ts';
import { type PayloadKey, readPayloadKeys } from '../config/payload-keys.ts';
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
export const loadPayloadCodec = (): PayloadCodec => createPayloadCodec(readKeyRing());
