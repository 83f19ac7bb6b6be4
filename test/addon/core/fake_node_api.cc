#include "fake_node_api.h"

#include <mutex>

struct napi_threadsafe_function__ {
  napi_threadsafe_function_call_js callback;
  void* context;
  bool held = true;
  std::mutex mutex;
  int calls = 0;
};

namespace {

napi_threadsafe_function newest = nullptr;

}  // namespace

namespace fake_node {

napi_env environment() {
  static char place;
  return reinterpret_cast<napi_env>(&place);
}

bool turn() {
  {
    const std::lock_guard<std::mutex> lock(newest->mutex);
    if (newest->calls == 0) return false;
    --newest->calls;
  }
  newest->callback(environment(), nullptr, newest->context, nullptr);
  return true;
}

bool is_held() { return newest->held; }

}  // namespace fake_node

napi_status napi_create_string_utf8(napi_env, const char*, size_t, napi_value* result) {
  *result = nullptr;
  return napi_ok;
}

napi_status napi_create_threadsafe_function(napi_env, napi_value, napi_value, napi_value, size_t, size_t, void*,
                                            napi_finalize, void* context, napi_threadsafe_function_call_js callback,
                                            napi_threadsafe_function* result) {
  newest = *result = new napi_threadsafe_function__;
  newest->callback = callback;
  newest->context = context;
  return napi_ok;
}

napi_status napi_ref_threadsafe_function(napi_env, napi_threadsafe_function function) {
  function->held = true;
  return napi_ok;
}

napi_status napi_unref_threadsafe_function(napi_env, napi_threadsafe_function function) {
  function->held = false;
  return napi_ok;
}

napi_status napi_call_threadsafe_function(napi_threadsafe_function function, void*,
                                          napi_threadsafe_function_call_mode) {
  const std::lock_guard<std::mutex> lock(function->mutex);
  ++function->calls;
  return napi_ok;
}

napi_status napi_release_threadsafe_function(napi_threadsafe_function function, napi_threadsafe_function_release_mode) {
  delete function;
  return napi_ok;
}
