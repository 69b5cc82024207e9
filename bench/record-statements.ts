import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startProxy } from '../test/fault/proxy.ts';
import { postgresReader } from '../test/fault/wire.ts';

/** What a command sends to a server on a Unix socket, with its values written into it, as a script for psql. */
export async function recordStatements(
  argv: readonly string[],
  serverUrl: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const { pathname, searchParams } = new URL(serverUrl.replace('@/', '@localhost/'));
  const statements: string[] = [];
  let parsed = '';
  const proxy = await startProxy(
    { path: `${searchParams.get('host')}/.s.PGSQL.${searchParams.get('port') ?? 5432}` },
    { client: () => postgresReader('frontend'), server: () => postgresReader('backend') },
    (message, from) => {
      if (from === 'server') return;
      const type = String.fromCharCode(message[0] ?? 0);
      const body = message.subarray(5);
      if (type === 'Q') statements.push(body.toString('utf8', 0, body.length - 1));
      if (type === 'P') parsed = body.toString('utf8', body.indexOf(0) + 1).split('\0')[0] ?? '';
      if (type === 'B') statements.push(withValues(parsed, valuesOf(body)));
    },
  );
  try {
    const url = `postgres://postgres@127.0.0.1:${proxy.port}${pathname}`;
    const command = spawn(process.execPath, argv, { env: { ...env, DATABASE_URL: url }, stdio: 'ignore' });
    const [code] = await once(command, 'exit');
    if (code !== 0) throw new Error(`${argv.join(' ')} ended ${code}`);
    return statements.map((statement) => `${statement};\n`).join('');
  } finally {
    await proxy.close();
  }
}

/** The values of a Bind message, which are texts. */
function valuesOf(body: Buffer): (string | null)[] {
  let at = body.indexOf(0, body.indexOf(0) + 1) + 1;
  at += 2 + 2 * body.readInt16BE(at);
  const values = Array.from({ length: body.readInt16BE(at) });
  at += 2;
  return values.map(() => {
    const size = body.readInt32BE(at);
    at += 4 + Math.max(0, size);
    return size < 0 ? null : body.toString('utf8', at - size, at);
  });
}

const withValues = (statement: string, values: readonly (string | null)[]) =>
  statement.replace(/\$(\d+)/g, (_, n) => {
    const value = values[Number(n) - 1] ?? null;
    return value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`;
  });
