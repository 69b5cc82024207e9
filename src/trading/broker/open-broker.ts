import { join } from 'node:path';
import type { Context } from '../../context.ts';
import type { Broker, BrokerKind } from '../../domain/broker.ts';
import type { UserId } from '../../domain/id.ts';
import type { LimitedMethod } from '../../domain/rate-limits.ts';
import type { Endpoint } from '../../platform/brokers/angelone/http.ts';
import { BROKER_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { Failure } from '../../util/failure.ts';
import { findAccount } from './accounts.ts';

/** The broker of the configuration: paper on the embedded database, if nothing is configured. Throws NO_BROKER (exit 78). */
export async function brokerKind(ctx: Context): Promise<BrokerKind> {
  const { broker, database } = await ctx.config();
  if (broker.kind !== undefined) return broker.kind;
  if (database === 'embedded') return 'paper';
  throw new Failure('config', 'NO_BROKER', 'No broker is configured.', {
    hint: 'Set broker.kind to angelone, file or paper.',
  });
}

/** The broker of the configuration for a trader. Throws NO_BROKER, and what logging in refuses. */
export async function openBroker(ctx: Context, user: UserId): Promise<Broker> {
  needStep(await ctx.source(), BROKER_SINCE_STEP);
  const kind = await brokerKind(ctx);
  if (kind === 'paper') return (await import('./paper/paper-broker.ts')).paperBroker(ctx, user);
  if (kind === 'angelone') return openAngelOne(ctx, user);
  return openFiles(ctx, user);
}

async function openFiles(ctx: Context, user: UserId): Promise<Broker> {
  const { broker } = await ctx.config();
  if (broker.files === undefined)
    throw new Failure('config', 'CONFIG_INVALID', 'The setting broker.files is missing.', {
      hint: 'Set PINNACLE_BROKER_FILES to the folder of saved books.',
    });
  const { fileBroker } = await import('../../platform/brokers/file/adapter.ts');
  const account = await findAccount(await ctx.db(), user);
  return fileBroker({ folder: join(broker.files, user), client: account?.client_code, now: ctx.now });
}

async function openAngelOne(ctx: Context, user: UserId): Promise<Broker> {
  const { angelOneBroker } = await import('../../platform/brokers/angelone/adapter.ts');
  const { openSession } = await import('./session.ts');
  const endpoint = await vendorEndpoint(ctx);
  const { waitForSlot } = await import('./rate-limits.ts');
  const limit = (method: LimitedMethod) => waitForSlot(ctx, user, method);
  const session = await openSession(ctx, user, endpoint, () => limit('login'));
  const { apiKey, secrets } = session;
  return angelOneBroker({ ...endpoint, apiKey, session, secrets, limit, now: ctx.now });
}

/** Where Angel One is called. Throws CONFIG_INVALID. */
export async function vendorEndpoint(ctx: Context): Promise<Endpoint> {
  const { rootOf } = await import('../../platform/brokers/angelone/http.ts');
  const { broker } = await ctx.config();
  return { root: rootOf(broker.url), timeoutMs: broker.timeoutMs, signal: ctx.signal };
}
