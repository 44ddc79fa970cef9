'use strict';

/**
 * The interface of @pokusew/pcsclite 0.6.0, as far as nfc-pcsc uses it, over pcsc-mini (Node-API, prebuilt).
 * Beyond it: `started`, emitted once readers are watched, and `begin`/`end`, which keep other programs off a card.
 */
const { EventEmitter } = require('node:events');

/** PC/SC part 5 and winscard.h. */
const constants = {
  SCARD_STATE_UNAWARE: 0x0000,
  SCARD_STATE_IGNORE: 0x0001,
  SCARD_STATE_CHANGED: 0x0002,
  SCARD_STATE_UNKNOWN: 0x0004,
  SCARD_STATE_UNAVAILABLE: 0x0008,
  SCARD_STATE_EMPTY: 0x0010,
  SCARD_STATE_PRESENT: 0x0020,
  SCARD_STATE_ATRMATCH: 0x0040,
  SCARD_STATE_EXCLUSIVE: 0x0080,
  SCARD_STATE_INUSE: 0x0100,
  SCARD_STATE_MUTE: 0x0200,
  SCARD_SHARE_EXCLUSIVE: 1,
  SCARD_SHARE_SHARED: 2,
  SCARD_SHARE_DIRECT: 3,
  SCARD_PROTOCOL_UNDEFINED: 0,
  SCARD_PROTOCOL_T0: 1,
  SCARD_PROTOCOL_T1: 2,
  SCARD_LEAVE_CARD: 0,
  SCARD_RESET_CARD: 1,
  SCARD_UNPOWER_CARD: 2,
  SCARD_EJECT_CARD: 3,
  IOCTL_CCID_ESCAPE: process.platform === 'win32' ? 0x310000 + 3500 * 4 : 0x42000000 + 3500,
};

/**
 * Clients whose daemon went away. They can be neither stopped nor started again, and the native finaliser of such a
 * one throws past every handler; so they are kept, one small object for each time the daemon was lost.
 */
const lost = [];

/** Hands a promise's outcome to a Node callback, outside the promise, so that a throwing callback is not swallowed. */
function settle(promise, callback) {
  promise.then(
    (value) => process.nextTick(callback, null, value),
    (error) => process.nextTick(callback, error),
  );
}

class CardReader extends EventEmitter {
  #native;
  #card;
  #transaction;
  #work = Promise.resolve();

  constructor(native) {
    super();
    this.#native = native;
    this.name = native.name();
    this.state = 0;
    this.connected = false;
    this.atr = undefined;
    native.on('change', (status) => this.#inTurn(() => this.#change(status.raw)));
    native.on('disconnect', () => this.close());
  }

  connect(options, callback) {
    const done = typeof options === 'function' ? options : callback;
    const mode = options?.share_mode ?? constants.SCARD_SHARE_EXCLUSIVE;
    settle(
      this.#open(mode).then((card) => card.protocol()),
      done,
    );
  }

  disconnect(disposition, callback) {
    const done = typeof disposition === 'function' ? disposition : callback;
    const then = typeof disposition === 'number' ? disposition : constants.SCARD_UNPOWER_CARD;
    settle(
      this.#inTurn(() => this.#shut(then)),
      done,
    );
  }

  transmit(data, _longest, _protocol, callback) {
    settle(this.#use((card) => card.transmit(data)).then(Buffer.from), callback);
  }

  control(data, code, _longest, callback) {
    settle(this.#use((card) => card.control(code, data)).then(Buffer.from), callback);
  }

  /** SCardBeginTransaction: from here to `end` no other program reaches the card. */
  begin(callback) {
    const begun = this.#use(async (card) => {
      this.#transaction ??= await card.transaction();
    });
    settle(begun, callback);
  }

  end(disposition, callback) {
    settle(this.#finish(disposition), callback);
  }

  close() {
    this.#native.removeAllListeners();
    void this.#inTurn(() => this.#shut(constants.SCARD_LEAVE_CARD));
    this.emit('end');
    this.removeAllListeners();
  }

  /** One state change after the other, each after the work that the one before it set going. */
  #inTurn(run) {
    const turn = this.#work.then(run);
    this.#work = turn.catch(() => undefined);
    return turn;
  }

  async #change(state) {
    const present = (flags) => (flags & constants.SCARD_STATE_PRESENT) !== 0;
    const [was, now] = [this.state, state];
    // The upper half counts insertions and removals: a card that went and came between two looks is a new one.
    const swapped = present(was) && present(now) && was >>> 16 !== now >>> 16;
    if (swapped) await this.#tell({ state: (now & 0xffff0000) | constants.SCARD_STATE_EMPTY });
    if (present(now) && (now & constants.SCARD_STATE_MUTE) === 0) {
      // The event's own ATR is overwritten memory. A card that does not connect shows when the consumer connects.
      await this.#open(constants.SCARD_SHARE_SHARED).catch(() => undefined);
    }
    await this.#tell({ state: now, atr: this.atr });
  }

  async #tell(status) {
    this.emit('status', status);
    this.state = status.state;
    if ((status.state & constants.SCARD_STATE_PRESENT) === 0) await this.#shut(constants.SCARD_LEAVE_CARD);
  }

  async #open(mode) {
    this.#card ??= this.#native.connect(mode);
    try {
      const card = await this.#card;
      this.atr = Buffer.from((await card.state()).atr);
      this.connected = true;
      return card;
    } catch (error) {
      await this.#shut(constants.SCARD_LEAVE_CARD);
      throw error;
    }
  }

  async #use(run) {
    if (!this.#card) throw new Error('no card is connected');
    return run(await this.#card);
  }

  async #finish(disposition) {
    const transaction = this.#transaction;
    this.#transaction = undefined;
    await transaction?.end(disposition);
  }

  async #shut(disposition) {
    const card = this.#card;
    this.#card = undefined;
    this.connected = false;
    this.atr = undefined;
    await this.#finish(constants.SCARD_LEAVE_CARD).catch(() => undefined);
    // A card that is gone already cannot be disconnected, and need not be.
    await card?.then((opened) => opened.disconnect(disposition)).catch(() => undefined);
  }
}
Object.assign(CardReader.prototype, constants);

class PcscLite extends EventEmitter {
  readers = {};
  #client;

  constructor() {
    super();
    process.nextTick(() => this.#start());
  }

  close() {
    const client = this.#client;
    this.#client = undefined;
    for (const reader of Object.values(this.readers)) reader.close();
    this.readers = {};
    try {
      client?.stop();
    } catch {
      lost.push(client);
    }
  }

  /** The native part is loaded here: without the system's PC/SC library there is an 'error' and nothing worse. */
  #start() {
    try {
      const { Client } = require('pcsc-mini');
      const client = new Client();
      this.#client = client;
      client.on('reader', (native) => this.#add(native));
      client.on('error', (error) => this.emit('error', error));
      client.start();
    } catch (error) {
      this.#client = undefined;
      this.emit('error', error);
      return;
    }
    this.emit('started');
  }

  #add(native) {
    const reader = new CardReader(native);
    this.readers[reader.name] = reader;
    reader.once('end', () => {
      if (this.readers[reader.name] === reader) delete this.readers[reader.name];
    });
    this.emit('reader', reader);
  }
}

module.exports = () => new PcscLite();
