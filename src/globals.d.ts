/** Set at build time from package.json. */
declare const __VERSION__: string;
/** The version of the embedded engine that was built against. */
declare const __PGLITE_VERSION__: string;
