import type pg from 'pg';
import type { ClientConfig } from 'pg';
import { NO_PASSWORD } from './errors.ts';

type ConnectCallback = (error: Error | undefined) => void;

/** The socket of a client. */
interface Stream {
  destroy: () => void;
  unref: () => void;
}

/**
 * A class of clients that are in `starting` while they connect, and close their socket when that fails. The driver leaves
 * it open after some failures (a missing password, refused TLS): the server keeps the slot, and the process waits for it.
 */
export function closingClient(starting: Set<pg.Client>, Client: typeof pg.Client): typeof pg.Client {
  return class extends Client {
    constructor(config?: string | ClientConfig) {
      super(config);
      // The pool connects with a callback.
      const connect = this.connect.bind(this) as (callback: ConnectCallback) => void;
      const closing = (callback: ConnectCallback) => {
        starting.add(this);
        connect((error) => {
          starting.delete(this);
          if (error) streamOf(this)?.destroy();
          callback(error && explained(error, this));
        });
      };
      (this as { connect: unknown }).connect = closing;
    }
  };
}

export function streamOf(client: object): Stream | undefined {
  return (client as { connection?: { stream?: Stream } }).connection?.stream;
}

/** Without a password the driver fails by itself, or sends an empty one that the server refuses. */
function explained(error: Error, { password }: pg.Client): Error {
  const missing =
    /client password must be a string/.test(error.message) ||
    ((error as { code?: string }).code === '28P01' && !password);
  return missing ? new Error(NO_PASSWORD, { cause: error }) : error;
}
