// Imported before pg: on Node 20 it tells its runtime by way of fetch, which loads 20 ms of HTTP client.
(globalThis as { navigator?: unknown }).navigator ??= { userAgent: 'Node.js' };
