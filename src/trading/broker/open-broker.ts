import type { Context } from '../../context.ts';
import type { Broker, BrokerKind } from '../../domain/broker.ts';
import type { UserId } from '../../domain/id.ts';
import { BROKER_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { Failure } from '../../util/failure.ts';

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
  throw new Error(`no adapter for ${kind}`);
}
