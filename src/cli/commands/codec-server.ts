import { once } from 'node:events';
import { type Command, InvalidArgumentError } from 'commander';
import { createPayloadCodec } from '../../codec/payload-codec.ts';
import { startCodecServer } from '../../codec/server.ts';
import { CommandError } from '../exit-code.ts';
import { readKeyRing } from '../payload-codec.ts';

const devServerUi = ['http://localhost:8233', 'http://127.0.0.1:8233'];

/** Adds `codec-server`: decrypts for Temporal's Web UI and CLI, on this machine only. */
export function addCodecServerCommand(program: Command): void {
  program
    .command('codec-server')
    .description(
      "decrypt payloads for Temporal's Web UI and for temporal --codec-endpoint; needs HEPFLOW_PAYLOAD_KEY; " +
        'listens on 127.0.0.1 until TERM or INT',
    )
    .option('--port <port>', 'TCP port; 0 takes any free one', portNumber, 8888)
    .option(
      '--origin <origin>',
      `origin of a Web UI that may ask; may be given more than once; default: ${devServerUi.join(' and ')}`,
      collect,
    )
    .action(async ({ port, origin: origins = devServerUi }: { port: number; origin?: string[] }) => {
      const keys = readKeyRing();
      if (keys === undefined)
        throw new CommandError('HEPFLOW_PAYLOAD_KEY is needed: the key ring file that the workers have.');
      const server = await startCodecServer({ codec: createPayloadCodec(keys), port, origins }).catch(
        (error: Error) => {
          throw new CommandError(`The codec server cannot listen on port ${port}: ${error.message}`);
        },
      );
      process.stdout.write(`${server.url}\n`);
      process.stderr.write(
        `temporal workflow show --workflow-id ID --codec-endpoint ${server.url}; ` +
          `in the Web UI: Data Encoder, ${server.url}\n`,
      );
      await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
      await server.close();
    });
}

function portNumber(value: string): number {
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535)
    throw new InvalidArgumentError('It must be a number from 0 to 65535.');
  return Number(value);
}

function collect(value: string, before: string[] | undefined): string[] {
  if (URL.parse(value)?.origin !== value)
    throw new InvalidArgumentError('It must be an origin, such as http://localhost:8233.');
  return [...(before ?? []), value];
}
