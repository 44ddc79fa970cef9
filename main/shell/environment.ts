const dangerous = /^(NODE_|ELECTRON_|npm_)|^(LD_PRELOAD|LD_AUDIT|LD_LIBRARY_PATH|DYLD_.*|OPENSSL_CONF|SSLKEYLOGFILE)$/;

/** The environment without what could change how the core's Node runs, what it loads or whom it trusts. */
export function safeEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept = Object.entries(env).filter(([name, value]) => value !== undefined && !dangerous.test(name));
  return Object.fromEntries(kept) as Record<string, string>;
}
