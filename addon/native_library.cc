#include "native_library.h"

#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "response.h"

namespace wxpay_face {

namespace {

class Load : public Task {
 public:
  Load(std::string path, std::shared_ptr<std::optional<Library>> target)
      : path_(std::move(path)), target_(std::move(target)) {}

  void run() noexcept override { result_ = Library::load(path_); }

  void settle(napi_env env, napi_deferred promise) override {
    const auto* failure = std::get_if<LoadError>(&result_);
    if (failure == nullptr) {
      *target_ = std::get<Library>(result_);
      napi_value undefined = nullptr;
      napi_get_undefined(env, &undefined);
      napi_resolve_deferred(env, promise, undefined);
      return;
    }
    const napi_value error = make_error(env, failure->message);
    set(env, error, "systemMessage", text(env, failure->message));
    if (failure->code) set(env, error, "systemCode", number(env, *failure->code));
    if (!failure->missing_symbol.empty()) set(env, error, "missingSymbol", text(env, failure->missing_symbol));
    napi_reject_deferred(env, promise, error);
  }

 private:
  const std::string path_;
  const std::shared_ptr<std::optional<Library>> target_;  // touched on the JavaScript thread only
  std::variant<Library, LoadError> result_;
};

class Call : public Task {
 public:
  Call(const Library& library, const Napi::Uint8Array& request)
      : library_(library), request_(request.Data(), request.Data() + request.ByteLength()) {}

  void run() noexcept override { answer_ = call_service(library_, request_); }

  void settle(napi_env env, napi_deferred promise) override {
    napi_value value;
    switch (answer_.kind) {
      case Answer::Kind::answered:
        // A copy: Electron forbids buffers outside of V8's memory.
        if (napi_create_buffer_copy(env, answer_.body.size(), answer_.body.data(), nullptr, &value) == napi_ok) {
          napi_resolve_deferred(env, promise, value);
          return;
        }
        napi_get_and_clear_last_exception(env, &value);
        break;
      case Answer::Kind::failed:
        value = make_error(env, "wxpayCallFaceService returned " + std::to_string(answer_.return_value));
        set(env, value, "returnValue", number(env, answer_.return_value));
        napi_reject_deferred(env, promise, value);
        return;
      case Answer::Kind::null_response:
        return reject(env, promise, "wxpayCallFaceService succeeded with a size but without a response",
                      "ERR_NULL_RESPONSE");
      case Answer::Kind::too_long:
        return reject(env, promise, "wxpayCallFaceService answered with more than 64 MiB", "ERR_RESPONSE_TOO_LONG");
      case Answer::Kind::out_of_memory:
        break;
    }
    reject(env, promise, "There is no memory for the response of wxpayCallFaceService", "ERR_OUT_OF_MEMORY");
  }

 private:
  const Library library_;
  const std::vector<uint8_t> request_;
  Answer answer_;
};

Napi::Value rejected(Napi::Env env, const char* message, const char* code) {
  napi_deferred promise;
  napi_value value;
  if (napi_create_promise(env, &promise, &value) != napi_ok) return Napi::Value();
  reject(env, promise, message, code);
  return Napi::Value(env, value);
}

}  // namespace

std::optional<std::string> path_argument(const Napi::CallbackInfo& info) {
  if (info[0].IsString()) {
    std::string path = info[0].As<Napi::String>();
    if (path.find('\0') == std::string::npos) return path;
  }
  Napi::TypeError::New(info.Env(), "The path must be a string without a NUL").ThrowAsJavaScriptException();
  return std::nullopt;
}

Napi::Function NativeLibrary::define(Napi::Env env) {
  return DefineClass(
      env, "NativeLibrary",
      {InstanceMethod<&NativeLibrary::load>("load"), InstanceMethod<&NativeLibrary::call>("call"),
       InstanceMethod<&NativeLibrary::give_up>("giveUp"), InstanceMethod<&NativeLibrary::close>("close")});
}

NativeLibrary::NativeLibrary(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  if (auto path = path_argument(info)) path_ = std::move(*path);
}

Napi::Value NativeLibrary::load(const Napi::CallbackInfo& info) {
  return Environment::of(info.Env()).start<Load>(info.Env(), hold_, path_, library_);
}

Napi::Value NativeLibrary::call(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsTypedArray() || info[0].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    Napi::TypeError::New(env, "The request must be a Uint8Array").ThrowAsJavaScriptException();
    return Napi::Value();
  }
  const auto request = info[0].As<Napi::Uint8Array>();
  if (request.ByteLength() > kMaxBytes) {
    Napi::RangeError::New(env, "The request is longer than 64 MiB").ThrowAsJavaScriptException();
    return Napi::Value();
  }
  if (!open_) return rejected(env, "The library is closed", "ERR_CLOSED");
  if (!*library_) return rejected(env, "The library is not loaded", "ERR_NOT_LOADED");
  return Environment::of(env).start<Call>(env, hold_, **library_, request);
}

void NativeLibrary::give_up(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).give_up(info.Env(), *hold_);
  hold_ = std::make_shared<Hold>();
}

}  // namespace wxpay_face
