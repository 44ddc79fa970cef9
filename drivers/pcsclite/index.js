'use strict';

/** Stands where the native binding of nfc-pcsc would be, until the Node-API one is put in. */
module.exports = function pcsclite() {
  throw new Error('This build holds no PC/SC binding.');
};
