import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runSql, type Server, startServer } from './postgres.ts';

/** How the server ran one statement. */
export interface Execution {
  sql: string;
  /** What the server took to execute it, in milliseconds, planning left out. */
  ms: number;
  /** Pages of 8 kB that it read, from its memory or from the disk. */
  buffers: number;
  /** The nodes of the plan: `Index Scan idx_orders_user_newest`, `Seq Scan orders`, `Sort`. */
  nodes: string[];
}

export interface ExplainingServer extends Server {
  /** What was executed since it was asked last. */
  executions: () => Promise<Execution[]>;
}

/** A server that writes down the plan of every statement it is sent. */
export async function startExplaining(settings: Record<string, string> = {}): Promise<ExplainingServer> {
  const server = await startServer({
    session_preload_libraries: 'auto_explain',
    'auto_explain.log_min_duration': '0',
    'auto_explain.log_analyze': 'on',
    'auto_explain.log_timing': 'off',
    'auto_explain.log_buffers': 'on',
    'auto_explain.log_format': 'json',
    logging_collector: 'on',
    log_filename: 'plans',
    ...settings,
  });
  const folder = new URL(server.url.replace('@/', '@localhost/')).searchParams.get('host') ?? '';
  let seen = 0;
  return {
    ...server,
    async executions() {
      // The log comes after the answer: what is asked last is waited for.
      const end = `SELECT 'up to ${seen}'`;
      await runSql(server.url, end);
      let fresh = '';
      for (; !fresh.includes(`"Query Text": "${end}"`); await sleep(10))
        fresh = readFileSync(join(folder, 'data/log/plans'), 'utf8').slice(seen);
      seen += fresh.length;
      const before = fresh.slice(0, fresh.indexOf(`"Query Text": "${end}"`));
      return [...before.matchAll(/duration: ([\d.]+) ms {2}plan:\n((?:\t.*\n)+\t\})\n/g)].map(
        ([, ms, plan]) => understand(Number(ms), JSON.parse(String(plan))),
      );
    },
  };
}

interface Node {
  'Node Type': string;
  'Index Name'?: string;
  'Relation Name'?: string;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: Node[];
}

function understand(
  ms: number,
  { 'Query Text': sql, Plan: top }: { 'Query Text': string; Plan: Node },
): Execution {
  return { sql, ms, buffers: top['Shared Hit Blocks'] + top['Shared Read Blocks'], nodes: namesOf(top) };
}

function namesOf(node: Node): string[] {
  const of = node['Index Name'] ?? node['Relation Name'];
  return [of ? `${node['Node Type']} ${of}` : node['Node Type'], ...(node.Plans ?? []).flatMap(namesOf)];
}
