const untrusted = '对方的证书不是由可信任的机构颁发的（见配置项 ca）';
const ownRefused = '支付网关不接受商户证书';

/** Why a connection failed, by the system's code or that of OpenSSL. */
const meanings: Readonly<Record<string, string>> = {
  ENOTFOUND: '无法解析域名：请检查网络和 DNS 服务器',
  EAI_AGAIN: 'DNS 服务器没有应答',
  ECONNREFUSED: '连接被拒绝',
  ECONNRESET: '连接被对方断开',
  EPIPE: '连接被对方断开',
  ETIMEDOUT: '连接超时',
  EHOSTUNREACH: '主机无法到达',
  ENETUNREACH: '网络无法到达',
  EACCES: '系统不允许这个连接',
  EPROTO: '加密连接的握手失败',
  CERT_HAS_EXPIRED: '对方的证书已过期，或本机时钟不准',
  CERT_NOT_YET_VALID: '对方的证书尚未生效，或本机时钟不准',
  ERR_TLS_CERT_ALTNAME_INVALID: '对方的证书属于另一个域名',
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: '支付网关不认识商户证书的颁发机构',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: '支付网关说商户证书已过期',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED: '支付网关说商户证书已吊销',
  ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE: ownRefused,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: ownRefused,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: ownRefused,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: '支付网关要求客户端证书',
};

/** @param code '' if nobody has said. */
export function connections(code: string): string {
  if (code === '') return '连接失败';
  return Object.hasOwn(meanings, code) ? `${meanings[code]}（${code}）` : `连接失败（${code}）`;
}
