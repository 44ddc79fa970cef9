import { joinReaders } from '../../../drivers/nfc/join.ts';
import { openPcscReaders } from '../../../drivers/nfc/pcsc.ts';
import type { CardReaders } from '../../../drivers/nfc/reader.ts';
import { openSealedReader } from '../../../drivers/nfc/sealed.ts';
import { openVirtualReader, type VirtualReader } from '../../../drivers/nfc/virtual.ts';
import { openNetworkPrinter } from '../../../drivers/printer/network.ts';
import { noPrinter } from '../../../drivers/printer/none.ts';
import { type KeyboardScanner, openKeyboardScanner } from '../../../drivers/scanner/keyboard.ts';
import { openSerialScanner } from '../../../drivers/scanner/serial.ts';
import type { Devices } from './world.ts';

/** Which devices this terminal has. What is named and not there is waited for. */
export interface DeviceConfig {
  readonly readers: {
    /** Watch the machine's PC/SC readers. */
    readonly pcsc: boolean;
    /** Count vsmartcard's virtual PC/SC readers too; never at a real counter. */
    readonly allowVirtual: boolean;
    /** Port of the terminal's own virtual reader on 127.0.0.1, 0 for any; without it there is none. */
    readonly virtualPort?: number;
    /** A class A reader on the network. */
    readonly sealed?: { readonly host: string; readonly port: number };
    /** Part of the name of the PC/SC reader to use; the others are left alone. */
    readonly only?: string;
  };
  /** A receipt printer on the network. */
  readonly printer?: { readonly host: string; readonly port: number; readonly columns: number };
  readonly scanners: {
    /** Scanners on serial lines; the one that types like a keyboard is always there. */
    readonly serial?: readonly { readonly path: string; readonly baudRate?: number }[];
  };
}

export interface OpenDevices extends Devices {
  /** The scanner that the cashier's page feeds. */
  readonly keyboard: KeyboardScanner;
  /** The terminal's own virtual reader: cards connect to its port. */
  readonly virtual: VirtualReader | undefined;
  /** Lets go of everything. */
  close(): Promise<void>;
}

/** Opens the devices. A missing one is a state of that device and never an error here. */
export async function openDevices(config: DeviceConfig): Promise<OpenDevices> {
  const { pcsc, allowVirtual, virtualPort, sealed, only } = config.readers;
  const virtual = virtualPort === undefined ? undefined : await openVirtualReader({ port: virtualPort });
  const families: CardReaders[] = virtual ? [virtual] : [];
  if (sealed) families.push(openSealedReader(sealed));
  if (pcsc) families.push(openPcscReaders(only === undefined ? { allowVirtual } : { allowVirtual, only }));
  const readers = joinReaders(families);
  const printer = config.printer ? openNetworkPrinter(config.printer) : noPrinter();
  const keyboard = openKeyboardScanner();
  const scanners = [keyboard, ...(config.scanners.serial ?? []).map(openSerialScanner)];
  return {
    readers,
    virtual,
    printer,
    scanners,
    keyboard,
    close: async () => {
      await Promise.all([readers.close(), printer.close(), ...scanners.map((scanner) => scanner.close())]);
    },
  };
}
