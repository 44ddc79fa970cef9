import { type Imported, UPLOAD_PIECE } from '../../contract/reconciliation.ts';
import type { TerminalClient } from '../core.ts';

/** More than a statement can have: the core refuses it, and need not be handed all of it. */
const MOST = 80 * 1024 * 1024;

/** Hands a file to the core piece by piece and has it imported. `tell` is called with the share that has gone, 0 to 1. */
export async function importFile(client: TerminalClient, file: File, tell: (share: number) => void): Promise<Imported> {
  const key = crypto.randomUUID();
  for (let offset = 0; offset < Math.min(file.size, MOST); offset += UPLOAD_PIECE) {
    const piece = new Uint8Array(await file.slice(offset, offset + UPLOAD_PIECE).arrayBuffer());
    await client.reconciliation.upload({ key, offset, piece: base64(piece) });
    tell(Math.min(1, (offset + piece.length) / file.size));
  }
  return client.reconciliation.import({ key, name: file.name.slice(-200) || 'statement' });
}

/** Characters at a time: a call takes only so many arguments. */
const RUN = 8_192;

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let from = 0; from < bytes.length; from += RUN) {
    text += String.fromCharCode(...bytes.subarray(from, from + RUN));
  }
  return btoa(text);
}

/** Gathers a result from the core and gives it to the person as a file. Answers its name. */
export async function saveFile(client: TerminalClient, statement: number, as: 'csv' | 'html'): Promise<string> {
  const pieces: string[] = [];
  let name = `reconciliation.${as}`;
  for await (const piece of await client.reconciliation.export({ statement, as })) {
    name = piece.name;
    pieces.push(piece.text);
  }
  const address = URL.createObjectURL(new Blob(pieces, { type: as === 'csv' ? 'text/csv' : 'text/html' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
  return name;
}
