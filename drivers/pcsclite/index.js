/** Stands where the native binding of nfc-pcsc would be, until the Node-API one is put in. */
export default function pcsclite() {
  throw new Error('This build holds no PC/SC binding.');
}
