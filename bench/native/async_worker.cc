// The peer: the same call by Node-API's AsyncWorker, on libuv's pool.
#include <napi.h>

#include <vector>

#include "library.h"
#include "response.h"

namespace {

using namespace wxpay_face;

class Worker : public Napi::AsyncWorker {
 public:
  Worker(Napi::Env env, const Library& library, const Napi::Uint8Array& request)
      : AsyncWorker(env),
        promise(Napi::Promise::Deferred::New(env)),
        library_(library),
        request_(request.Data(), request.Data() + request.ByteLength()) {}

  void Execute() override { answer_ = call_service(library_, request_); }

  void OnOK() override {
    promise.Resolve(Napi::Buffer<uint8_t>::Copy(Env(), answer_.body.data(), answer_.body.size()));
  }

  Napi::Promise::Deferred promise;

 private:
  Library library_;
  std::vector<uint8_t> request_;
  Answer answer_;
};

Library library;

Napi::Value call(const Napi::CallbackInfo& info) {
  auto* const worker = new Worker(info.Env(), library, info[0].As<Napi::Uint8Array>());
  const Napi::Promise promise = worker->promise.Promise();
  worker->Queue();
  return promise;
}

void open(const Napi::CallbackInfo& info) { library = std::get<Library>(Library::load(info[0].As<Napi::String>())); }

Napi::Object start(Napi::Env env, Napi::Object exports) {
  exports.Set("open", Napi::Function::New<open>(env));
  exports.Set("call", Napi::Function::New<call>(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(async_worker, start)
