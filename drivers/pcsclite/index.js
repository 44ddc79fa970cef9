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

/** Watchers whose daemon went away and that could not be freed: their native finaliser throws past every handler. */
const lost = [];

/** What watches the machine's readers for this process, once somebody asked. */
let watch;

/**
 * The readers of the machine and their states, for everybody in this process who opens and closes. Once started it is
 * never stopped: pcsc-mini's stop() cancels the wait of its thread and then waits for the thread. A cancel between two
 * waits is lost (pcsc-lite looks for a wait that runs), so stop() would block the event loop, and every PC/SC call of
 * the process with it, until the next card comes or goes. It keeps the process, which ends by process.exit().
 */
class Watch extends EventEmitter {
  /** The last state of each reader that is there: for those who come later. */
  readers = new Map();
  #client;

  /** The native part is loaded here. Throws without the system's PC/SC library or its daemon. */
  constructor() {
    super();
    this.setMaxListeners(0);
    const { Client } = require('pcsc-mini');
    this.#client = new Client();
    this.#client.on('reader', (native) => this.#add(native));
    this.#client.on('error', (error) => this.#lose(error));
    this.#client.start();
  }

  #add(native) {
    this.readers.set(native, undefined);
    native.on('change', ({ raw }) => this.readers.set(native, raw));
    native.on('disconnect', () => this.readers.delete(native));
    this.emit('reader', native);
  }

  #lose(error) {
    watch = undefined;
    // Its thread has left PC/SC for good before it says so: this stop waits for nothing, and frees the socket.
    try {
      this.#client.stop();
    } catch {
      lost.push(this.#client);
    }
    this.emit('lost', error);
  }
}

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
  /** What the card that is connected now is busy with. */
  #running = new Set();

  /** `state` when it is known already: then no change of it need ever come. */
  constructor(native, state) {
    super();
    this.#native = native;
    this.name = native.name();
    this.state = 0;
    this.connected = false;
    this.atr = undefined;
    native.on('change', this.#changed);
    native.on('disconnect', this.#gone);
    if (state !== undefined) this.#changed({ raw: state });
  }

  #changed = ({ raw }) => void this.#inTurn(() => this.#change(raw));
  #gone = () => this.close();

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
    this.#native.off('change', this.#changed);
    this.#native.off('disconnect', this.#gone);
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
    const card = this.#card;
    try {
      const { atr } = await this.#use((opened) => opened.state());
      this.atr = Buffer.from(atr);
      this.connected = true;
      return await card;
    } catch (error) {
      await this.#shut(constants.SCARD_LEAVE_CARD);
      throw error;
    }
  }

  async #use(run) {
    if (!this.#card) throw new Error('no card is connected');
    const running = this.#card.then(run);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async #finish(disposition) {
    const transaction = this.#transaction;
    this.#transaction = undefined;
    await Promise.allSettled(this.#running);
    await transaction?.end(disposition);
  }

  async #shut(disposition) {
    const [card, transaction] = [this.#card, this.#transaction];
    const running = [...this.#running];
    this.#card = undefined;
    this.#running.clear();
    this.#transaction = undefined;
    this.connected = false;
    this.atr = undefined;
    const free = async () => {
      await transaction?.end(constants.SCARD_LEAVE_CARD).catch(() => undefined);
      // A card that is gone already cannot be disconnected, and need not be.
      await card?.then((opened) => opened.disconnect(disposition)).catch(() => undefined);
    };
    // The binding has four connections in all and refuses to end one that works: that one is ended afterwards.
    if (running.length === 0) await free();
    else void Promise.allSettled(running).then(free);
  }
}
Object.assign(CardReader.prototype, constants);

class PcscLite extends EventEmitter {
  readers = {};
  #watch;
  #closed = false;

  constructor() {
    super();
    process.nextTick(() => this.#start());
  }

  /** Lets go of the cards; the watch goes on for the next who opens. */
  close() {
    this.#closed = true;
    this.#watch?.off('reader', this.#add);
    this.#watch?.off('lost', this.#lose);
    for (const reader of Object.values(this.readers)) reader.close();
    this.readers = {};
  }

  #start() {
    if (this.#closed) return;
    try {
      watch ??= new Watch();
    } catch (error) {
      this.emit('error', error);
      return;
    }
    this.#watch = watch;
    this.#watch.on('reader', this.#add);
    this.#watch.on('lost', this.#lose);
    this.emit('started');
    for (const [native, state] of this.#watch.readers) this.#add(native, state);
  }

  #add = (native, state) => {
    const reader = new CardReader(native, state);
    this.readers[reader.name] = reader;
    reader.once('end', () => {
      if (this.readers[reader.name] === reader) delete this.readers[reader.name];
    });
    this.emit('reader', reader);
  };

  #lose = (error) => {
    this.close();
    this.emit('error', error);
  };
}

module.exports = () => new PcscLite();
