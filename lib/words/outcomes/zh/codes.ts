import type { OutcomeWords } from '../words.js';

const check = '请换一种方式收款，并请负责人检查收银程序。';

/** As close to the vendor's own words (vendor page, 5 to 7) as a cashier can use them. */
export const codes: OutcomeWords['codes'] = {
  SYSTEMERROR: {
    title: '微信支付系统超时',
    text: '微信支付系统超时，没有给出付款结果。',
    advice: '请顾客稍等，等待查询结果；此前不要交付商品，也不要重复收款。',
  },
  BANKERROR: {
    title: '银行系统异常',
    text: '银行系统异常，没有给出付款结果。',
    advice: '请顾客稍等，等待查询结果；此前不要交付商品，也不要重复收款。',
  },
  USERPAYING: {
    title: '等待顾客输入密码',
    text: '这笔付款需要顾客输入支付密码。',
    advice: '请告诉顾客：“请在手机上输入支付密码。”结果出来前不要交付商品。',
  },
  PARAM_ERROR: { title: '提交内容有误', text: '收银机提交的内容有误，微信支付没有受理。', advice: check },
  LACK_PARAMS: { title: '提交内容不完整', text: '收银机提交的内容不完整，微信支付没有受理。', advice: check },
  XML_FORMAT_ERROR: { title: '提交格式有误', text: '收银机提交的格式有误，微信支付没有受理。', advice: check },
  REQUIRE_POST_METHOD: { title: '提交方式有误', text: '收银机提交的方式有误，微信支付没有受理。', advice: check },
  NOT_UTF8: { title: '文字编码有误', text: '收银机提交的文字编码有误，微信支付没有受理。', advice: check },
  ORDERPAID: {
    title: '订单已支付',
    text: '这个订单号已经支付过了。',
    advice: '请先确认这一单是否已经付过；如果是新的一单，请换新的订单号收款。',
  },
  OUT_TRADE_NO_USED: {
    title: '订单号重复',
    text: '这个订单号已经用过，同一笔交易不能多次提交。',
    advice: '请核实是否重复提交；如果是新的一单，请换新的订单号收款。',
  },
  ORDERCLOSED: { title: '订单已关闭', text: '这个订单已经关闭。', advice: '请重新下单，再请顾客付款。' },
  ORDERREVERSED: { title: '订单已撤销', text: '这个订单已经撤销。', advice: '请重新下单，并提示顾客重新支付。' },
  NOAUTH: {
    title: '收款权限未开通',
    text: '本店还没有开通这种收款权限。',
    advice: '请换一种方式收款，并请负责人向微信支付申请开通。',
  },
  AUTHCODEEXPIRE: {
    title: '二维码已过期',
    text: '二维码已过期，请顾客在微信上刷新后再试。',
    advice: '请提示顾客在微信上刷新付款码，然后重新扫码；刷脸的，请重新刷脸。',
  },
  AUTH_CODE_ERROR: {
    title: '付款码有误',
    text: '付款码有误。每个付款码仅限使用一次。',
    advice: '请顾客刷新付款码，然后重新扫码。',
  },
  AUTH_CODE_INVALID: {
    title: '不是微信付款码',
    text: '扫到的不是微信支付的付款码。',
    advice: '请顾客在微信上打开付款码，然后重新扫码。',
  },
  NOTENOUGH: {
    title: '余额不足',
    text: '顾客余额不足，请提示顾客换卡支付。',
    advice: '请告诉顾客：“余额不足，请换一张卡支付。”然后重新扫码或刷脸。',
  },
  NOTSUPORTCARD: {
    title: '不支持这种卡',
    text: '该卡不支持当前支付，请提示顾客换卡支付或绑新卡支付。',
    advice: '请顾客重新选择一张卡，然后重新扫码或刷脸。',
  },
  BUYER_MISMATCH: {
    title: '付款人不一致',
    text: '同一笔订单不能更换付款人。',
    advice: '请原来的付款人付款；要换人付款时，请重新下单。',
  },
  TRADE_ERROR: {
    title: '交易失败',
    text: '交易失败，顾客的账号可能有异常，或者受到限制。',
    advice: '请顾客确认账号是否正常，或者换一种方式付款。',
  },
  SIGNERROR: {
    title: '密钥不符',
    text: '本店的密钥与微信支付的不符。',
    advice: '请换一种方式收款，并请负责人核对密钥。',
  },
  APPID_NOT_EXIST: {
    title: '公众账号查不到',
    text: '微信支付查不到本店的公众账号。',
    advice: '请换一种方式收款，并请负责人核对公众账号。',
  },
  MCHID_NOT_EXIST: {
    title: '商户号查不到',
    text: '微信支付查不到本店的商户号。',
    advice: '请换一种方式收款，并请负责人核对商户号。',
  },
  APPID_MCHID_NOT_MATCH: {
    title: '账号与商户号不匹配',
    text: '本店的公众账号与商户号不匹配。',
    advice: '请换一种方式收款，并请负责人核对这两个号码。',
  },
  INVALID_REQUEST: {
    title: '这一笔没有受理',
    text: '微信支付没有受理：可能是本店的权限或证书有问题，也可能是重复提交。',
    advice: '请换一种方式收款，并请负责人检查收款设置。',
  },
  FREQUENCY_LIMITED: {
    title: '收款过于频繁',
    text: '本店收款过于频繁，这一次没有受理。',
    advice: '请稍等片刻，然后重新收款。',
  },
  ORDERNOTEXIST: {
    title: '查不到订单',
    text: '微信支付暂时查不到这个订单号。',
    advice: '请核对订单号；顾客如已付款，请联系负责人。',
  },
  INVALID_TRANSACTIONID: {
    title: '微信订单号有误',
    text: '收银机提交的微信支付订单号有误。',
    advice: '请核对这一单，并请负责人检查收银程序。',
  },
  REVERSE_EXPIRE: {
    title: '订单无法撤销',
    text: '订单只能在七天内撤销，这一单已经过期。',
    advice: '要把钱退给顾客时，请负责人办理退款。',
  },
  USER_CANCEL: {
    title: '顾客退出了刷脸',
    text: '顾客退出了刷脸。',
    advice: '请问顾客是否再刷一次脸，或者换一种方式付款。',
  },
  SCAN_PAYMENT: {
    title: '顾客选择扫码支付',
    text: '顾客在刷脸时选择了扫码支付。',
    advice: '请扫描顾客的付款码收款。',
  },
  'other-wallet': {
    title: '这是其他钱包的码',
    text: '扫到的是其他钱包的付款码，这里只收微信支付。',
    advice: '请告诉顾客：“请打开微信的付款码。”然后重新扫码，或者换一种方式收款。',
  },
  'not-a-code': {
    title: '扫到的不是付款码',
    text: '扫到的内容不是付款码。',
    advice: '请让顾客打开微信的付款码，对准扫码枪重新扫码。',
  },
  ERROR: {
    title: '操作没有成功',
    text: '这一步操作没有成功。',
    advice: '请先查看这一单的结果，再决定是否重做；再次出现时，请联系负责人。',
  },
  unlisted: {
    title: '付款没有成功',
    text: '微信支付没有同意这笔付款。',
    advice: '请告诉顾客：“这次没有付成。”请顾客换一种方式付款。',
  },
};
