/** The calls of the simulated gateway, by the vendor's names; those that API v3 has, too, by v2's. */
export const gatewayCalls = [
  'get_wxpayface_authinfo',
  'micropay',
  'codepay',
  'orderquery',
  'reverse',
  'facepay',
  'facepayquery',
  'facepayreverse',
  'refund',
  'refundquery',
  'downloadbill',
  'tradebill',
  'downloadfundflow',
  'closeorder',
  'authcodetoopenid',
  'getsignkey',
] as const;
/** A call of the simulated gateway. */
export type GatewayCall = (typeof gatewayCalls)[number];
