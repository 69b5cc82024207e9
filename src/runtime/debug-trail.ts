import { readFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import { escapeControls } from '../util/text.ts';

/** A frame within the bundle: its folder, its file, line and column. */
const BUNDLED = /((?:file:\/\/)?\/[^()]*\/dist\/)([\w-]+\.js):(\d+):(\d+)\)?$/;

/** The name of an error and its stack frames, those of the bundle by the files in src/; without its message, which may hold values. */
export async function debugTrail(error: unknown): Promise<string> {
  if (!(error instanceof Error)) return 'thrown: not an error';
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  const named = await Promise.all(frames.map((line) => inSource(line.trim())));
  return [error.name, ...named].map(escapeControls).join('\n  ');
}

async function inSource(frame: string): Promise<string> {
  const [place, folder = '', file = '', line, column] = BUNDLED.exec(frame) ?? [];
  if (place === undefined) return frame;
  const map = await readMap(folder, file);
  const found = map?.findEntry(Number(line) - 1, Number(column) - 1);
  if (!found || !('originalSource' in found) || !found.originalSource) return frame;
  // The bundler has shortened the name of the function.
  const how = frame.startsWith('at async ') ? 'at async' : 'at';
  return `${how} ${found.originalSource}:${found.originalLine + 1}:${found.originalColumn + 1}`;
}

async function readMap(folder: string, file: string): Promise<SourceMap | undefined> {
  const path = folder.startsWith('file://') ? fileURLToPath(folder) : folder;
  const text = await readFile(`${path}maps/${file}.map`, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : new SourceMap(JSON.parse(text));
}
