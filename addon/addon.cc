#include <napi.h>

#ifdef _WIN32
#include <windows.h>
#endif

#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "call_thread.h"
#include "delivery.h"
#include "file_lock.h"
#include "library.h"
#include "response.h"

namespace wxpay_face {

namespace {

// One per JavaScript environment: the main thread's and each worker's.
class Environment {
 public:
  explicit Environment(Napi::Env env) : delivery_(Delivery::open(env, receive, this)) {
    // Hooks run last in, first out: this one before the thread-safe function's own, which open() added.
    if (delivery_ != nullptr) napi_add_env_cleanup_hook(env, end, this);
  }

  bool ready() const { return delivery_ != nullptr; }

  Napi::Value call(Napi::Env env, const Library& library, const Napi::Uint8Array& request);

  // Not before somebody calls its release() or the environment ends: an object that was collected may not let go of it.
  Napi::Object hold(Napi::Env env, std::unique_ptr<FileLock> lock);

  Napi::FunctionReference native_library;

 private:
  static void receive(napi_env env, std::shared_ptr<Call> call, void* self);
  static void end(void* self) { static_cast<Environment*>(self)->delivery_->close(); }

  std::shared_ptr<Delivery> delivery_;
  size_t in_flight_ = 0;
  std::map<uint32_t, std::unique_ptr<FileLock>> locks_;
  uint32_t last_lock_ = 0;
};

class NativeLibrary : public Napi::ObjectWrap<NativeLibrary> {
 public:
  explicit NativeLibrary(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    if (info[0].IsExternal()) {
      library_ = *info[0].As<Napi::External<Library>>().Data();
    } else {
      Napi::TypeError::New(info.Env(), "Use open(path)").ThrowAsJavaScriptException();
    }
  }

  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "NativeLibrary",
                       {InstanceMethod<&NativeLibrary::call>("call"), InstanceMethod<&NativeLibrary::close>("close")});
  }

 private:
  Napi::Value call(const Napi::CallbackInfo& info);
  void close(const Napi::CallbackInfo&) { open_ = false; }

  Library library_{};
  bool open_ = true;
};

// In a worker that is being terminated every Node-API call may fail; then nobody is left to hear of it. So this is
// plain Node-API with its results ignored, where node-addon-api would throw or abort.

void set(napi_env env, napi_value object, const char* name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

napi_value text(napi_env env, const std::string& utf8) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, utf8.data(), utf8.size(), &value);
  return value;
}

napi_value number(napi_env env, int number) {
  napi_value value = nullptr;
  napi_create_int32(env, number, &value);
  return value;
}

// Without the caller's stack: at the end of a call no caller is on it, and to take it at the beginning of each call, as
// FaceService does for its own errors, was two thirds of what a call cost.
void reject(napi_env env, napi_deferred promise, const std::string& message, const char* property, napi_value value) {
  napi_value error;
  if (napi_create_error(env, nullptr, text(env, message), &error) != napi_ok) return;
  set(env, error, property, value);
  napi_reject_deferred(env, promise, error);
}

void reject(napi_env env, napi_deferred promise, const std::string& message, const char* code) {
  reject(env, promise, message, "code", text(env, code));
}

void settle(napi_env env, napi_deferred promise, const Answer& answer) {
  napi_value buffer;
  switch (answer.kind) {
    case Answer::Kind::answered:
      // A copy: Electron forbids buffers outside of V8's memory.
      if (napi_create_buffer_copy(env, answer.body.size(), answer.body.data(), nullptr, &buffer) == napi_ok) {
        napi_resolve_deferred(env, promise, buffer);
        return;
      }
      napi_get_and_clear_last_exception(env, &buffer);
      break;
    case Answer::Kind::failed:
      return reject(env, promise, "wxpayCallFaceService returned " + std::to_string(answer.return_value), "returnValue",
                    number(env, answer.return_value));
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

Napi::Value Environment::call(Napi::Env env, const Library& library, const Napi::Uint8Array& request) {
  napi_deferred deferred;
  napi_value promise;
  if (napi_create_promise(env, &deferred, &promise) != napi_ok) return Napi::Value();
  try {
    auto call = std::make_shared<Call>();
    call->library = library;
    call->request.assign(request.Data(), request.Data() + request.ByteLength());
    call->delivery = delivery_;
    call->promise = deferred;
    CallThreads::instance().run([call] {
      call->answer = call_service(call->library, call->request);
      call->delivery->finish(call);
    });
    if (in_flight_++ == 0) delivery_->hold_loop(env, true);
  } catch (const std::exception& reason) {  // the system has no memory or no thread for it
    reject(env, deferred, reason.what(), "ERR_OUT_OF_RESOURCES");
  }
  return Napi::Value(env, promise);
}

void Environment::receive(napi_env env, std::shared_ptr<Call> call, void* self) {
  auto* const environment = static_cast<Environment*>(self);
  if (--environment->in_flight_ == 0) environment->delivery_->hold_loop(env, false);
  const Napi::HandleScope scope(env);
  settle(env, call->promise, call->answer);
}

Napi::Object Environment::hold(Napi::Env env, std::unique_ptr<FileLock> lock) {
  const uint32_t number = ++last_lock_;
  locks_.emplace(number, std::move(lock));
  Napi::Object holder = Napi::Object::New(env);
  holder.Set("release", Napi::Function::New(env, [this, number](const Napi::CallbackInfo&) { locks_.erase(number); }));
  return holder;
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
  if (!open_) {
    napi_deferred deferred;
    napi_value promise;
    if (napi_create_promise(env, &deferred, &promise) != napi_ok) return Napi::Value();
    reject(env, deferred, "The library is closed", "ERR_CLOSED");
    return Napi::Value(env, promise);
  }
  return env.GetInstanceData<Environment>()->call(env, library_, request);
}

// Nothing, with a JavaScript exception pending, where the argument is no path. The system would end it at a NUL.
std::optional<std::string> path_argument(const Napi::CallbackInfo& info) {
  if (info[0].IsString()) {
    std::string path = info[0].As<Napi::String>();
    if (path.find('\0') == std::string::npos) return path;
  }
  Napi::TypeError::New(info.Env(), "The path must be a string without a NUL").ThrowAsJavaScriptException();
  return std::nullopt;
}

Napi::Value open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto path = path_argument(info);
  if (!path) return Napi::Value();
  const auto loaded = Library::load(*path);
  if (const auto* failure = std::get_if<LoadError>(&loaded)) {
    const Napi::Error error = Napi::Error::New(env, failure->message);
    set(env, error.Value(), "systemMessage", text(env, failure->message));
    if (failure->code) set(env, error.Value(), "systemCode", number(env, *failure->code));
    if (!failure->missing_symbol.empty()) {
      set(env, error.Value(), "missingSymbol", text(env, failure->missing_symbol));
    }
    error.ThrowAsJavaScriptException();
    return Napi::Value();
  }
  Library library = std::get<Library>(loaded);
  return env.GetInstanceData<Environment>()->native_library.New({Napi::External<Library>::New(env, &library)});
}

Napi::Value lock_file(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto path = path_argument(info);
  if (!path) return Napi::Value();
  auto taken = FileLock::take(*path);
  if (const auto* failure = std::get_if<LockError>(&taken)) {
    const Napi::Error error = Napi::Error::New(env, failure->message);
    if (failure->held) set(env, error.Value(), "code", text(env, "ELOCKED"));
    set(env, error.Value(), "systemCode", number(env, failure->code));
    error.ThrowAsJavaScriptException();
    return Napi::Value();
  }
  return env.GetInstanceData<Environment>()->hold(env, std::get<std::unique_ptr<FileLock>>(std::move(taken)));
}

#ifdef _WIN32
// Threads may be inside this module when the last environment lets go of it. (On Linux the linker's -z nodelete.)
void pin_module() {
  HMODULE module;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                     reinterpret_cast<LPCWSTR>(&pin_module), &module);
}
#else
void pin_module() {}
#endif

Napi::Object start(Napi::Env env, Napi::Object exports) {
  pin_module();
  auto environment = std::make_unique<Environment>(env);
  if (!environment->ready()) return exports;  // with an exception pending
  environment->native_library = Napi::Persistent(NativeLibrary::define(env));
  env.SetInstanceData(environment.release());
  exports.Set("open", Napi::Function::New<open>(env, "open"));
  exports.Set("lockFile", Napi::Function::New<lock_file>(env, "lockFile"));
  return exports;
}

}  // namespace

}  // namespace wxpay_face

using wxpay_face::start;
NODE_API_MODULE(wxpay_face, start)
