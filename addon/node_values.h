#pragma once

#include <node_api.h>

#include <string>

// In a worker that is being terminated every Node-API call may fail; then nobody is left to hear of it. So this is
// plain Node-API with its results ignored, where node-addon-api would throw or abort.
namespace wxpay_face {

inline void set(napi_env env, napi_value object, const char* name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

inline napi_value text(napi_env env, const std::string& utf8) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, utf8.data(), utf8.size(), &value);
  return value;
}

inline napi_value number(napi_env env, int number) {
  napi_value value = nullptr;
  napi_create_int32(env, number, &value);
  return value;
}

// Without the caller's stack: at the end of a call no caller is on it, and to take it at the beginning of each call, as
// FaceService does for its own errors, was two thirds of what a call cost.
inline napi_value make_error(napi_env env, const std::string& message) {
  napi_value error = nullptr;
  napi_create_error(env, nullptr, text(env, message), &error);
  return error;
}

inline void reject(napi_env env, napi_deferred promise, const std::string& message, const char* code) {
  const napi_value error = make_error(env, message);
  set(env, error, "code", text(env, code));
  napi_reject_deferred(env, promise, error);
}

}  // namespace wxpay_face
