/** The calls of the simulated gateway, by v2's names: API v3's codepay is switched by micropay, its tradebill by downloadbill. */
export const gatewayCalls = [
  'get_wxpayface_authinfo',
  'micropay',
  'orderquery',
  'reverse',
  'facepay',
  'facepayquery',
  'facepayreverse',
  'refund',
  'refundquery',
  'downloadbill',
  'downloadfundflow',
  'closeorder',
  'authcodetoopenid',
  'getsignkey',
] as const;
/** A call of the simulated gateway. */
export type GatewayCall = (typeof gatewayCalls)[number];
