// What the vendor's page lists, section by section, transcribed from its tables: nothing of it may be missing here.

/** One call of the page: its own fields, without those that all have in common. */
export interface VendorCall {
  /** The section's number and name. */
  readonly section: string;
  /** The vendor's name: a command of the library, or a call of the gateway. */
  readonly name: string;
  readonly side: 'face' | 'pay';
  readonly request: readonly string[];
  readonly response: readonly string[];
  /** err_code, or return_code beyond the common ones. */
  readonly codes: readonly string[];
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Of each command: "请求公共字段", "公共错误码". */
export const common = {
  request: words('cmd version now'),
  response: words('return_code return_msg'),
  codes: words('SUCCESS ERROR PARAM_ERROR SYSTEMERROR'),
};

const none: readonly string[] = [];
const paid = words(`
  openid is_subscribe trade_type bank_type fee_type total_fee settlement_total_fee coupon_fee cash_fee_type cash_fee
  transaction_id out_trade_no attach time_end`);
const envelope = words('return_code return_msg appid mch_id nonce_str sign result_code err_code err_code_des');

export const vendorCalls: readonly VendorCall[] = [
  {
    section: '1、程序启动时初始化',
    name: 'initWxpayface',
    side: 'face',
    request: words('ip port user passwd proxy_type camera_rotation'),
    response: none,
    codes: none,
  },
  {
    section: '2、获取数据',
    name: 'getWxpayfaceRawdata',
    side: 'face',
    request: none,
    response: words('rawdata'),
    codes: none,
  },
  {
    section: '3、获取调用凭证',
    name: 'get_wxpayface_authinfo',
    side: 'pay',
    request: words(`
      store_id store_name device_id attach rawdata appid mch_id sub_appid sub_mch_id now version sign_type nonce_str sign`),
    response: words('return_code return_msg authinfo expires_in nonce_str sign appid mch_id sub_appid sub_mch_id'),
    codes: none,
  },
  {
    section: '4、进行人脸识别',
    name: 'getWxpayfaceCode',
    side: 'face',
    request: words(`
      appid mch_id sub_appid sub_mch_id store_id openid out_trade_no total_fee face_authtype authinfo face_code_type
      screen_index disable_keyboard use_window_nofocus`),
    response: words('face_code openid sub_openid face_sid'),
    codes: words('USER_CANCEL SCAN_PAYMENT'),
  },
  {
    section: '5、进行发起订单支付',
    name: 'micropay',
    side: 'pay',
    request: words(`
      appid mch_id device_info nonce_str sign sign_type body detail attach out_trade_no total_fee fee_type
      spbill_create_ip goods_tag limit_pay time_start time_expire receipt auth_code scene_info`),
    response: [...envelope, 'device_info', ...paid, 'promotion_detail'],
    codes: words(`
      SYSTEMERROR PARAM_ERROR ORDERPAID NOAUTH AUTHCODEEXPIRE NOTENOUGH NOTSUPORTCARD ORDERCLOSED ORDERREVERSED BANKERROR
      USERPAYING AUTH_CODE_ERROR AUTH_CODE_INVALID XML_FORMAT_ERROR REQUIRE_POST_METHOD SIGNERROR LACK_PARAMS NOT_UTF8
      BUYER_MISMATCH APPID_NOT_EXIST MCHID_NOT_EXIST OUT_TRADE_NO_USED APPID_MCHID_NOT_MATCH INVALID_REQUEST TRADE_ERROR`),
  },
  {
    section: '6、查询订单状态',
    name: 'orderquery',
    side: 'pay',
    request: words('appid mch_id transaction_id out_trade_no nonce_str sign sign_type'),
    response: [
      ...envelope,
      'device_info',
      ...paid,
      ...words('trade_state coupon_count coupon_type_$n coupon_id_$n coupon_fee_$n trade_state_desc'),
    ],
    codes: words('ORDERNOTEXIST SYSTEMERROR'),
  },
  {
    section: '7、撤销交易',
    name: 'reverse',
    side: 'pay',
    request: words('appid mch_id transaction_id out_trade_no nonce_str sign sign_type'),
    response: [...envelope, 'recall'],
    codes: words(`
      SYSTEMERROR INVALID_TRANSACTIONID PARAM_ERROR REQUIRE_POST_METHOD SIGNERROR REVERSE_EXPIRE INVALID_REQUEST
      TRADE_ERROR USERPAYING`),
  },
  {
    section: '8、更新支付结果',
    name: 'updateWxpayfacePayResult',
    side: 'face',
    request: words('appid mch_id store_id authinfo payresult'),
    response: none,
    codes: none,
  },
  {
    section: '9、停止刷脸支付',
    name: 'stopWxpayface',
    side: 'face',
    request: words('appid mch_id authinfo'),
    response: none,
    codes: none,
  },
  {
    section: '10、释放资源',
    name: 'releaseWxpayface',
    side: 'face',
    request: none,
    response: none,
    codes: none,
  },
  // The vendor's other two pages, as far as they are known: docs/facts.md#commands-and-calls-beyond-the-page.
  {
    section: '刷脸用户',
    name: 'getWxpayfaceUserInfo',
    side: 'face',
    request: words('appid mch_id sub_appid sub_mch_id store_id face_authtype authinfo'),
    response: words('openid sub_openid token'),
    codes: words('USER_CANCEL'),
  },
  {
    section: '实名',
    name: 'getWxpayAuth',
    side: 'face',
    request: words('appid mch_id sub_appid sub_mch_id store_id authinfo quit_face_auth'),
    response: none,
    codes: none,
  },
];

/** "trade_state" of section 6. */
export const tradeStates = words('SUCCESS REFUND NOTPAY CLOSED REVOKED USERPAYING PAYERROR');
