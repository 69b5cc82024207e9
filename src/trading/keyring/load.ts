import { execFile } from 'node:child_process';
import type { Context } from '../../context.ts';
import { childEnvironment } from '../../platform/config/child-environment.ts';
import { readSecretFile } from '../../platform/files/secret-file.ts';
import { parseRing, type Ring } from '../../platform/secrets/key-ring.ts';
import { Failure } from '../../util/failure.ts';

/** Where the key ring comes from; only a file can be written. */
export type RingSource =
  | { kind: 'file'; path: string; name: string }
  | { kind: 'command'; words: readonly string[]; name: string }
  | { kind: 'environment'; text: string; name: string };

const COMMAND_TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 65_536;

/**
 * The configured source, if any. Throws CONFIG_INVALID if there is more than one, and
 * CONFIG_UNTRUSTED for a command from a file that is not named (exit 78).
 */
export async function ringSource(ctx: Context): Promise<RingSource | undefined> {
  const { keyring, file, fileIsNamed } = await ctx.config();
  const text = ctx.configSource.env['PINNACLE_KEYRING'];
  const sources: RingSource[] = [
    ...(text ? [{ kind: 'environment' as const, text, name: 'the variable PINNACLE_KEYRING' }] : []),
    ...(keyring.file
      ? [{ kind: 'file' as const, path: keyring.file, name: `the file ${keyring.file}` }]
      : []),
    ...(keyring.command
      ? [{ kind: 'command' as const, words: keyring.command, name: `the command ${keyring.command[0]}` }]
      : []),
  ];
  if (sources.length > 1)
    throw new Failure(
      'config',
      'CONFIG_INVALID',
      `More than one key ring is configured: ${sources.map(({ name }) => name).join(', ')}.`,
      { hint: 'Keep one of them.' },
    );
  const [source] = sources;
  if (source?.kind === 'command' && !fileIsNamed)
    throw new Failure('config', 'CONFIG_UNTRUSTED', `${source.name} is not run: ${file} is not named.`, {
      hint: `If you trust the file, name it: --config ${file}, or PINNACLE_CONFIG=${file}.`,
    });
  return source;
}

/** The key ring. Throws where none is configured (exit 78), and where it is missing or cannot be trusted (exit 11). */
export async function loadRing(ctx: Context): Promise<Ring> {
  const source = await ringSource(ctx);
  if (!source) throw notConfigured();
  const ring = await readRing(ctx, source);
  if (ring) return ring;
  throw new Failure('integrity', 'KEYRING_MISSING', `There is no key ring: ${source.name} does not exist.`, {
    hint: 'Create it: pinnacle keys generate',
  });
}

/** The ring of a source; undefined where its file does not exist yet. */
export async function readRing(ctx: Context, source: RingSource): Promise<Ring | undefined> {
  const text = await textOf(ctx, source);
  if (text === undefined) return undefined;
  try {
    return parseRing(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure('integrity', 'KEYRING_INVALID', `The key ring of ${source.name} ${error.message}.`);
  }
}

async function textOf(ctx: Context, source: RingSource): Promise<string | undefined> {
  if (source.kind === 'environment') return source.text;
  if (source.kind === 'command') return outputOf(ctx, source.words);
  return (await readSecretFile(source.path, ctx.own.uid, 'The key ring'))?.toString('utf8');
}

/** The output of a command. It runs without a shell and without our secrets; its stderr is dropped. */
function outputOf(ctx: Context, [program = '', ...words]: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      cwd: ctx.cwd,
      env: childEnvironment(ctx.configSource.env),
      timeout: COMMAND_TIMEOUT_MS,
      killSignal: 'SIGKILL' as const,
      maxBuffer: MAX_OUTPUT_BYTES,
      signal: ctx.signal,
    };
    const child = execFile(program, words, options, (error, stdout) => {
      if (!error) return resolve(stdout);
      if (ctx.signal.aborted) return reject(ctx.signal.reason);
      const timedOut = error.killed && typeof error.code !== 'string';
      const reason = timedOut ? 'timed out' : `failed (${error.code ?? error.signal})`;
      reject(
        new Failure('integrity', 'KEYRING_COMMAND_FAILED', `The key ring command ${program} ${reason}.`, {
          hint: 'Run it by hand: it must print the key ring and exit 0.',
        }),
      );
    });
    child.stdin?.end();
  });
}

/** NO_KEYRING (exit 78): no source is configured. */
export function notConfigured(): Failure {
  return new Failure('config', 'NO_KEYRING', 'No key ring is configured.', {
    hint: 'Set PINNACLE_KEYRING_FILE to its file. To create it: pinnacle keys generate',
  });
}
