import { z } from './schema.ts';

/** Windows that hold a port to the core. */
export const WindowName = z.enum(['main', 'customer', 'virtual']);
export type WindowName = z.infer<typeof WindowName>;

/** Shell to core; a MessagePort travels with it. One port a load of a page: a new one replaces that window's old one. */
export const ToCore = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('port'), window: WindowName }),
  /** First of all: with what the core seals keys. `secret` is a passphrase, or 32 bytes in base64; empty for `none`. */
  z.strictObject({
    type: z.literal('sealer'),
    kind: z.enum(['passphrase', 'safe-storage', 'none']),
    secret: z.string().max(1024),
  }),
  /** Are you there? Asked every second once the core is ready or has stopped; answered by `pong`. */
  z.strictObject({ type: z.literal('ping') }),
  /** Finish what is being written and end. */
  z.strictObject({ type: z.literal('stop') }),
]);
export type ToCore = z.infer<typeof ToCore>;

/** Core to shell. After `stopped` the core goes on serving ports that say why; it is not to be restarted. */
export const FromCore = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready'), startMs: z.number() }),
  z.strictObject({ type: z.literal('stopped'), code: z.string(), detail: z.string() }),
  z.strictObject({ type: z.literal('pong') }),
]);
export type FromCore = z.infer<typeof FromCore>;

/** Shell to page: the core has been silent for some time, or answers again. A port that arrives says the latter too. */
export type CoreState = 'silent' | 'answers';
