/** Refuses: receipts name a QR code's content, and the printer draws it. */
exports.imageSync = function imageSync() {
  throw new Error('Pictures of QR codes are switched off; print the code natively instead.');
};
