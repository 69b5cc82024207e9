// pg, on Node 20, learns its runtime by way of fetch, which loads 20 ms of HTTP client, unless there is a navigator. At the
// very start, because a bundle may load pg before the file that imports it runs.
(globalThis as { navigator?: unknown }).navigator ??= { userAgent: 'Node.js' };
