import type { ChainableCommander } from 'ioredis';

/** The replies of a transaction; throws the first failure among them, or the refusal for which it was aborted. */
export async function repliesOf(transaction: ChainableCommander): Promise<unknown[]> {
  const replies = await transaction.exec().catch((error: Error & { previousErrors?: Error[] }) => {
    throw error.previousErrors?.[0] ?? error;
  });
  return (replies ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}
