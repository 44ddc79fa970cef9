/** What this product uses of nfc-pcsc 0.8.1, which ships no types, and of the binding under it (drivers/pcsclite). */
declare module 'nfc-pcsc' {
  import type { EventEmitter } from 'node:events';

  interface BindingReader extends EventEmitter<{ status: [status: { state: number; atr?: Buffer }] }> {
    readonly SCARD_STATE_EMPTY: number;
    readonly SCARD_STATE_PRESENT: number;
    readonly SCARD_STATE_MUTE: number;
    readonly SCARD_LEAVE_CARD: number;
    /** Of the card that is connected. */
    readonly atr: Buffer | undefined;
    begin(callback: (error: Error | null) => void): void;
    end(disposition: number, callback: (error: Error | null) => void): void;
  }

  export interface Reader extends EventEmitter<{ card: [{ atr?: Buffer }]; end: []; error: [Error] }> {
    readonly name: string;
    readonly reader: BindingReader;
    /** False: hand over each card as it comes, without selecting anything on it. */
    autoProcessing: boolean;
    connect(): Promise<unknown>;
    transmit(command: Buffer, longest: number): Promise<Buffer>;
    control(command: Buffer, longest: number): Promise<Buffer>;
  }

  export class NFC extends EventEmitter<{ reader: [Reader]; error: [Error] }> {
    readonly pcsc: EventEmitter<{ started: [] }>;
    close(): void;
  }
}
