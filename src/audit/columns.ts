/** The columns of an audit entry, as they are listed and shown. */
export const AUDIT_COLUMNS = ['id', 'at', 'actor', 'command', 'target', 'txid', 'body'] as const;
