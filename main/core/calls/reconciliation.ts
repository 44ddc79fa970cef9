import type { Core } from '../core.ts';
import { LARGEST_FILE } from '../reconciliation/unpack.ts';
import { actorOf, contract, type Port, refusal, refusing } from './access.ts';

/** The file that a page is handing over, one a page; it goes with the page. */
const uploads = new WeakMap<Port, { readonly key: string; readonly pieces: Buffer[]; size: number }>();

function append(port: Port, key: string, offset: number, piece: Buffer): number {
  const known = uploads.get(port);
  const upload = known?.key === key ? known : { key, pieces: [], size: 0 };
  // The same piece once more is the answer that was lost, not more of the file.
  if (offset + piece.length === upload.size) return upload.size;
  if (offset !== upload.size) throw refusal('input-invalid', 'the pieces of a file come in order');
  upload.pieces.push(piece);
  upload.size += piece.length;
  // One byte more than the largest is enough to be told that it is too large.
  if (upload.size > LARGEST_FILE + piece.length) throw refusal('input-invalid', 'the file is too large');
  uploads.set(port, upload);
  return upload.size;
}

function taken(port: Port, key: string): Uint8Array {
  const upload = uploads.get(port);
  uploads.delete(port);
  return upload?.key === key ? Buffer.concat(upload.pieces) : new Uint8Array();
}

/** A person at a screen reads files in the store's language. */
async function* exported(core: Core, statement: number, as: 'csv' | 'html') {
  yield* refusing(core, core.reconciliation.export(statement, as, core.settings.language));
}

export const reconciliation = {
  statements: contract.reconciliation.statements.handler(({ context: { core } }) => core.reconciliation.statements()),
  upload: contract.reconciliation.upload.handler(({ input, context: { port } }) => ({
    received: append(port, input.key, input.offset, Buffer.from(input.piece, 'base64')),
  })),
  import: contract.reconciliation.import.handler(({ input, context: { core, port } }) =>
    core.reconciliation.import(input.name, taken(port, input.key), actorOf(port).staff),
  ),
  report: contract.reconciliation.report.handler(({ input, context: { core } }) =>
    core.reconciliation.report(input.statement),
  ),
  done: contract.reconciliation.done.handler(({ input, context: { core, port } }) =>
    core.reconciliation.done(input.statement, input.line, input.how, actorOf(port).staff),
  ),
  refund: contract.reconciliation.refund.handler(({ input, context: { core, port } }) =>
    core.reconciliation.refund(input.statement, input.line, actorOf(port).staff),
  ),
  export: contract.reconciliation.export.handler(({ input, context: { core } }) =>
    exported(core, input.statement, input.as),
  ),
};
