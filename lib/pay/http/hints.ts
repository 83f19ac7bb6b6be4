import { certificateAlerts } from './sent.js';

const untrusted = "the gateway's certificate is not from a trusted authority; see the option ca";

/** What an error of a connection means, by its code. */
export const hints: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name has no address: is there a network, a DNS server?',
  EAI_AGAIN: 'the DNS server did not answer',
  CERT_HAS_EXPIRED: "the gateway's certificate has expired, or this machine's clock is wrong",
  CERT_NOT_YET_VALID: "the gateway's certificate is not valid yet, or this machine's clock is wrong",
  ERR_TLS_CERT_ALTNAME_INVALID: "the gateway's certificate is for another name",
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  ...certificateAlerts,
};
