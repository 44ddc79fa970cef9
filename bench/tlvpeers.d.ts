declare module 'ber-tlv' {
  interface Item {
    readonly tag: string;
    readonly value: Buffer;
    readonly items?: readonly Item[];
  }
  const berTlv: {
    readonly TlvFactory: {
      parse(bytes: Buffer): readonly Item[];
      primitiveTlv(tag: string, value: Buffer): Item;
      serialize(item: Item): Buffer;
    };
  };
  export = berTlv;
}

declare module 'node-tlv' {
  class Tlv {
    constructor(tag: string, value: Buffer);
    static parse(bytes: Buffer): Tlv;
    getTag(): string;
    getValue(): string;
    getChild(): readonly Tlv[];
    getTLV(): string;
  }
  export = Tlv;
}
