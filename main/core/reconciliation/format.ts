import type { Currency } from '../../../contract/money.ts';
import type { LineKind } from '../../../contract/reconciliation.ts';

/** What a column of a statement can hold. */
export type Field =
  | 'merchant'
  | 'day'
  | 'date'
  | 'time'
  | 'terminal'
  | 'kind'
  | 'stan'
  | 'rrn'
  | 'auth'
  | 'card'
  | 'scheme'
  | 'amount'
  | 'fee'
  | 'net'
  | 'currency';

/**
 * A bank's statement format as data. A file is of the format whose required columns its header has; columns that no format
 * names are passed over. Amounts are decimal texts in major units; voids and refunds are less than zero.
 */
export interface StatementFormat {
  readonly name: string;
  /** The header texts of each field. */
  readonly columns: Partial<Readonly<Record<Field, readonly string[]>>>;
  readonly required: readonly Field[];
  /** What the column `kind` says for each kind of line. */
  readonly kinds: Readonly<Record<string, LineKind>>;
  /** What the column `currency` says where it is no ISO 4217 code. */
  readonly currencies?: Readonly<Record<string, Currency>>;
  /** What the column `scheme` says where it is not this terminal's own word. */
  readonly schemes?: Readonly<Record<string, string>>;
}

const english: StatementFormat = {
  name: 'english',
  columns: {
    merchant: ['merchant'],
    day: ['settlement_date'],
    date: ['date'],
    time: ['time'],
    terminal: ['terminal'],
    kind: ['type'],
    stan: ['stan'],
    rrn: ['rrn'],
    auth: ['auth_code'],
    card: ['card'],
    scheme: ['scheme'],
    amount: ['amount'],
    fee: ['fee'],
    net: ['net'],
    currency: ['currency'],
  },
  required: ['day', 'terminal', 'kind', 'rrn', 'amount', 'currency'],
  kinds: { sale: 'sale', void: 'void', reversal: 'void', refund: 'refund', deposit: 'deposit' },
};

const chinese: StatementFormat = {
  name: 'chinese',
  columns: {
    merchant: ['商户号', '商户编号'],
    day: ['清算日期', '结算日期'],
    date: ['交易日期'],
    time: ['交易时间'],
    terminal: ['终端号', '终端编号'],
    kind: ['交易类型'],
    stan: ['流水号', '终端流水号'],
    rrn: ['参考号', '检索参考号'],
    auth: ['授权号', '授权码'],
    card: ['卡号', '账号'],
    scheme: ['卡组织', '支付渠道'],
    amount: ['交易金额', '金额'],
    fee: ['手续费'],
    net: ['结算金额', '净额'],
    currency: ['币种'],
  },
  required: ['day', 'terminal', 'kind', 'rrn', 'amount'],
  kinds: {
    消费: 'sale',
    消费撤销: 'void',
    撤销: 'void',
    冲正: 'void',
    退货: 'refund',
    退款: 'refund',
    划款: 'deposit',
    入账: 'deposit',
  },
  currencies: { 人民币: 'CNY', '156': 'CNY' },
  schemes: {
    银联: 'unionpay',
    支付宝: 'alipay',
    微信: 'wechat',
    微信支付: 'wechat',
    云闪付: 'unionpay-code',
    数字人民币: 'e-cny',
    银行钱包: 'wallet',
  },
};

/** Every format that is read. A bank's own goes in here as one more. */
export const statementFormats: readonly StatementFormat[] = [english, chinese];
